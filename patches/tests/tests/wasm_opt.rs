// SPDX-License-Identifier: Apache-2.0

//! The stand-in for `wasm-opt` does what `substrate-wasm-builder` asks of it.

use std::fs;
use wasm_encoder::{
	CodeSection, CustomSection, Function, FunctionSection, Module, NameMap, NameSection,
	TypeSection, ValType,
};
use wasm_opt::{OptimizationOptions, Pass};
use wasmparser::{Parser, Payload, Validator};

/// A module with one function `i32 -> i32`, a name section and two custom ones.
fn module(body: impl FnOnce(&mut Function)) -> Vec<u8> {
	let mut types = TypeSection::new();
	types.ty().function([ValType::I32], [ValType::I32]);
	let mut functions = FunctionSection::new();
	functions.function(0);
	let mut function = Function::new([]);
	function.instructions().local_get(0);
	body(&mut function);
	function.instructions().end();
	let mut code = CodeSection::new();
	code.function(&function);
	let mut function_names = NameMap::new();
	function_names.append(0, "identity");
	let mut names = NameSection::new();
	names.functions(&function_names);

	let mut module = Module::new();
	module.section(&types).section(&functions).section(&code).section(&names);
	for name in [".debug_info", "runtime_version"] {
		module.section(&CustomSection { name: name.into(), data: b"content"[..].into() });
	}
	module.finish()
}

/// `original` after `options` have been run on it.
fn transform(options: &OptimizationOptions, original: &[u8]) -> Vec<u8> {
	let file = tempfile::NamedTempFile::new().unwrap();
	fs::write(file.path(), original).unwrap();
	options.run(file.path(), file.path()).unwrap();
	fs::read(file.path()).unwrap()
}

fn custom_sections(module: &[u8]) -> Vec<(String, Vec<u8>)> {
	Parser::new(0)
		.parse_all(module)
		.filter_map(|payload| match payload.unwrap() {
			Payload::CustomSection(section) => {
				Some((section.name().to_string(), section.data().to_vec()))
			},
			_ => None,
		})
		.collect()
}

fn as_the_builder_asks() -> OptimizationOptions {
	let mut options = OptimizationOptions::new_opt_level_0();
	options
		.mvp_features_only()
		.debug_info(true)
		.add_pass(Pass::StripDwarf)
		.add_pass(Pass::SignextLowering);
	options
}

#[test]
fn drops_dwarf_and_keeps_the_rest() {
	let original = module(|_| ());
	let transformed = transform(&as_the_builder_asks(), &original);
	let names = custom_sections(&transformed).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
	assert_eq!(names, ["name", "runtime_version"]);
	assert_eq!(custom_sections(&transformed)[1].1, b"content");
	Validator::new().validate_all(&transformed).unwrap();
}

#[test]
fn keeps_dwarf_and_drops_names_when_told() {
	let names =
		custom_sections(&transform(&OptimizationOptions::new_opt_level_0(), &module(|_| ())))
			.into_iter()
			.map(|(name, _)| name)
			.collect::<Vec<_>>();
	assert_eq!(names, [".debug_info", "runtime_version"]);
}

#[test]
fn refuses_what_it_cannot_lower_and_leaves_the_file_alone() {
	let original = module(|function| {
		function.instructions().i32_extend8_s();
	});
	let file = tempfile::NamedTempFile::new().unwrap();
	fs::write(file.path(), &original).unwrap();
	let error = as_the_builder_asks().run(file.path(), file.path()).unwrap_err();
	assert!(error.to_string().contains("sign extension operations"), "{error}");
	assert_eq!(fs::read(file.path()).unwrap(), original);
}
