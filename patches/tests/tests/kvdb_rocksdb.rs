// SPDX-License-Identifier: Apache-2.0

//! The stand-in for RocksDB opens nothing, and says why.

use kvdb_rocksdb::{Database, DatabaseConfig};
use std::io;

#[test]
fn opening_names_the_path_and_the_remedy() {
	let error = Database::open(&DatabaseConfig::with_columns(3), "/some/where").unwrap_err();
	assert_eq!(error.kind(), io::ErrorKind::Unsupported);
	let text = error.to_string();
	assert!(text.contains("/some/where") && text.contains("--database paritydb"), "{text}");
}

#[test]
fn a_missing_database_has_another_error_than_an_existing_one() {
	let config = DatabaseConfig { create_if_missing: false, ..DatabaseConfig::with_columns(3) };
	// The text that `sc-client-db` searches for.
	let missing = Database::open(&config, "/some/where").unwrap_err().to_string();
	assert!(missing.contains("create_if_missing is false"), "{missing}");

	let folder = tempfile::tempdir().unwrap();
	std::fs::write(folder.path().join("CURRENT"), "MANIFEST-1").unwrap();
	let there = Database::open(&config, folder.path()).unwrap_err();
	assert_eq!(there.kind(), io::ErrorKind::Unsupported);
}
