//! Builds the Wasm. See `scripts/relay-runtime.sh`, which keeps the result.

fn main() {
	#[cfg(feature = "std")]
	{
		// The target directory lies outside the checkout, where the builder would not find the
		// lock file.
		std::env::set_var("WASM_BUILD_WORKSPACE_HINT", env!("CARGO_MANIFEST_DIR"));
		substrate_wasm_builder::WasmBuilder::build_using_defaults();
	}
}
