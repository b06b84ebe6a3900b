//! The relay chain node: `polkadot`, with its runtime always from a chain specification.

fn main() -> color_eyre::eyre::Result<()> {
	color_eyre::install()?;
	polkadot_cli::run()?;
	Ok(())
}
