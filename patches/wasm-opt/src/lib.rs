//! Stand-in for `wasm-opt` 0.116: what `substrate-wasm-builder` 35 asks of it, without binaryen.
//!
//! The builder runs `wasm-opt` at level 0, that is without a single optimisation, to do two things
//! to a runtime: drop the DWARF sections and lower the sign-extension instructions to Wasm 1.0. For
//! that it compiles binaryen: 475 to 590 s of C++ on one core.
//!
//! Here the module is decoded by `wasmparser` and encoded again by `wasm-encoder`, which drops the
//! DWARF sections and the padding of the linker's numbers on the way. There is nothing to lower: the
//! target `wasm32v1-none` has no sign-extension instructions. A module that has some (or anything
//! else that Wasm 1.0 has not) is refused with the offset of the first one.
//!
//! Drop the `[patch.crates-io]` line of the workspace to get binaryen back, for instance to optimise
//! a runtime further.

use std::{fmt, fs, io, path::Path};
use wasm_encoder::reencode::{utils, Error as ReencodeError, Reencode};
use wasmparser::{CustomSectionReader, Parser, Validator, WasmFeatures};

/// A transformation of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
	/// Remove the DWARF debug information.
	StripDwarf,
	/// Lower sign-extension instructions to Wasm 1.0.
	SignextLowering,
}

/// What to do to a module.
#[derive(Clone, Debug, Default)]
pub struct OptimizationOptions {
	passes: Vec<Pass>,
	keep_names: bool,
}

/// Why a module could not be written.
#[derive(Debug)]
pub enum OptimizationError {
	/// A file could not be read or written.
	Io(io::Error),
	/// The module is not valid Wasm 1.0.
	Invalid(wasmparser::BinaryReaderError),
	/// The module could not be encoded again.
	Encode(String),
}

impl fmt::Display for OptimizationError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Io(error) => write!(f, "cannot read or write the module: {error}"),
			Self::Invalid(error) => write!(
				f,
				"not a Wasm 1.0 module: {error}. Build it for `wasm32v1-none`, or drop the patch \
				 of `wasm-opt`, whose original can lower newer instructions.",
			),
			Self::Encode(error) => write!(f, "cannot encode the module again: {error}"),
		}
	}
}

impl std::error::Error for OptimizationError {}

impl OptimizationOptions {
	/// No optimisation.
	pub fn new_opt_level_0() -> Self {
		Self::default()
	}

	/// Accept Wasm 1.0 only. Always so here.
	pub fn mvp_features_only(&mut self) -> &mut Self {
		self
	}

	/// Whether to keep the section with the functions' names.
	pub fn debug_info(&mut self, keep: bool) -> &mut Self {
		self.keep_names = keep;
		self
	}

	/// Add a transformation.
	pub fn add_pass(&mut self, pass: Pass) -> &mut Self {
		self.passes.push(pass);
		self
	}

	/// Read the module at `infile`, transform it and write it to `outfile`, which may be the same
	/// file. Nothing is written if the module is refused.
	pub fn run(
		&self,
		infile: impl AsRef<Path>,
		outfile: impl AsRef<Path>,
	) -> Result<(), OptimizationError> {
		let original = fs::read(infile).map_err(OptimizationError::Io)?;
		fs::write(outfile, self.transform(&original)?).map_err(OptimizationError::Io)
	}

	fn transform(&self, original: &[u8]) -> Result<Vec<u8>, OptimizationError> {
		Validator::new_with_features(wasm_1_0())
			.validate_all(original)
			.map_err(OptimizationError::Invalid)?;

		let mut module = wasm_encoder::Module::new();
		Sections { strip_dwarf: self.passes.contains(&Pass::StripDwarf), names: self.keep_names }
			.parse_core_module(&mut module, Parser::new(0), original)
			.map_err(|error| OptimizationError::Encode(error.to_string()))?;
		Ok(module.finish())
	}
}

/// Wasm 1.0 with the globals that the linker needs, as Substrate's executors take it.
fn wasm_1_0() -> WasmFeatures {
	WasmFeatures::WASM1 | WasmFeatures::MUTABLE_GLOBAL
}

/// Copies a module section by section, without those that are not wanted.
struct Sections {
	strip_dwarf: bool,
	names: bool,
}

impl Reencode for Sections {
	type Error = std::convert::Infallible;

	fn parse_custom_section(
		&mut self,
		module: &mut wasm_encoder::Module,
		section: CustomSectionReader<'_>,
	) -> Result<(), ReencodeError<Self::Error>> {
		let unwanted = match section.name() {
			"name" => !self.names,
			name => self.strip_dwarf && name.starts_with(".debug_"),
		};
		if unwanted {
			return Ok(());
		}
		utils::parse_custom_section(self, module, section)
	}
}
