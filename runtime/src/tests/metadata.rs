// SPDX-License-Identifier: Apache-2.0

//! Docs in the metadata, which polkadot.js Apps and the PAPI console show.

use super::{chain, genesis_config};
use crate::Runtime;
use codec::Decode;
use frame_metadata::{v15::RuntimeMetadataV15, RuntimeMetadata, RuntimeMetadataPrefixed};
use scale_info::{form::PortableForm, Field, TypeDef};

const PALLETS: [&str; 3] = ["MessageService", "UnincludedSegment", "Velocity"];
const APIS: [&str; 2] = ["UnincludedSegmentApi", "VelocityApi"];
const CRATES: [&str; 4] = [
	"conveyor_primitives",
	"pallet_message_service",
	"pallet_unincluded_segment",
	"pallet_velocity",
];

fn metadata() -> RuntimeMetadataV15 {
	let encoded = chain(genesis_config("development"))
		.execute_with(|| Runtime::metadata_at_version(15))
		.expect("the runtime has version 15");
	match RuntimeMetadataPrefixed::decode(&mut &encoded[..]).expect("it decodes").1 {
		RuntimeMetadata::V15(metadata) => metadata,
		_ => panic!("another version"),
	}
}

/// Returns every documentable item of our pallets, APIs and types, with its docs.
fn items() -> Vec<(String, Vec<String>)> {
	let metadata = metadata();
	let mut items = Vec::new();
	for pallet in metadata.pallets.iter().filter(|pallet| PALLETS.contains(&&pallet.name[..])) {
		let storage = pallet.storage.iter().flat_map(|storage| &storage.entries);
		items.extend(
			storage.map(|item| (format!("{}.{}", pallet.name, item.name), item.docs.clone())),
		);
		let constants = pallet.constants.iter();
		items.extend(
			constants.map(|item| (format!("{}.{}", pallet.name, item.name), item.docs.clone())),
		);
	}
	for api in metadata.apis.iter().filter(|api| APIS.contains(&&api.name[..])) {
		items.push((api.name.clone(), api.docs.clone()));
		let methods = api.methods.iter();
		items.extend(
			methods.map(|method| (format!("{}.{}", api.name, method.name), method.docs.clone())),
		);
	}
	let of_field = |path: &str, field: &Field<PortableForm>| {
		let name = field.name.clone().unwrap_or_default();
		(format!("{path}.{name}"), field.docs.clone())
	};
	for ty in &metadata.types.types {
		let is_ours = ty.ty.path.namespace().first();
		if !is_ours.is_some_and(|name| CRATES.contains(&&name[..])) {
			continue;
		}
		let path = ty.ty.path.to_string();
		match &ty.ty.type_def {
			TypeDef::Composite(composite) => {
				items.push((path.clone(), ty.ty.docs.clone()));
				items.extend(composite.fields.iter().map(|field| of_field(&path, field)));
			},
			TypeDef::Variant(variants) => {
				for variant in &variants.variants {
					let path = format!("{path}::{}", variant.name);
					items.push((path.clone(), variant.docs.clone()));
					// The docs of a call describe its arguments. A tuple variant has no names.
					let fields = variant
						.fields
						.iter()
						.filter(|field| field.name.is_some() && !path.contains("::Call::"));
					items.extend(fields.map(|field| of_field(&path, field)));
				}
			},
			_ => (),
		}
	}
	items
}

#[test]
fn everything_that_explorers_show_has_docs() {
	let items = items();
	assert!(items.len() > 150, "{}", items.len());
	let without: Vec<_> = items.iter().filter(|(_, docs)| docs.is_empty()).collect();
	assert!(without.is_empty(), "{without:#?}");
}

/// Explorers show the text of a rustdoc link with its brackets.
#[test]
fn docs_contain_no_links() {
	let with_links: Vec<_> = items()
		.into_iter()
		.filter(|(_, docs)| docs.iter().any(|line| line.contains("[`") || line.contains("](")))
		.collect();
	assert!(with_links.is_empty(), "{with_links:#?}");
}
