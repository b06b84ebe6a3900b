//! Stand-in for `kvdb-rocksdb` 0.21: the types that `polkadot-service` names, without RocksDB.
//!
//! `polkadot-service` compiles RocksDB (890 s of C++ on one core, plus bindgen and five compression
//! libraries), for itself and for `sc-client-db`, to open it when a node runs on RocksDB. Every node of
//! this workspace runs on ParityDB, so no database is ever opened here: [`Database::open`] returns
//! [`io::ErrorKind::Unsupported`], and a value of [`Database`] cannot exist.
//!
//! Drop the `[patch.crates-io]` line of the workspace to get RocksDB back.

use kvdb::{DBKeyValue, DBTransaction, DBValue, KeyValueDB};
use std::{collections::HashMap, convert::Infallible, io, path::Path};

/// Settings of a RocksDB database, as far as `polkadot-service` fills them in.
#[derive(Clone, Debug, Default)]
pub struct DatabaseConfig {
	/// Memory budget of each column in MiB.
	pub memory_budget: HashMap<u32, usize>,
	/// Whether to create the database if there is none.
	pub create_if_missing: bool,
	/// Number of columns.
	pub columns: u32,
}

impl DatabaseConfig {
	/// Settings of a database with `columns` columns.
	pub fn with_columns(columns: u32) -> Self {
		Self { columns, create_if_missing: true, ..Default::default() }
	}
}

/// A database that cannot be opened, and therefore never is.
#[derive(Debug)]
pub struct Database(Infallible);

impl Database {
	/// Fails with [`io::ErrorKind::Unsupported`], naming the path and the remedy.
	///
	/// With `--database auto` the caller only checks whether a database exists. If none exists, it gets
	/// RocksDB's error text and continues with ParityDB.
	pub fn open<P: AsRef<Path>>(config: &DatabaseConfig, path: P) -> io::Result<Self> {
		if !config.create_if_missing && !path.as_ref().join("CURRENT").exists() {
			return Err(io::Error::new(
				io::ErrorKind::NotFound,
				format!("{} does not exist (create_if_missing is false)", path.as_ref().display()),
			));
		}
		Err(io::Error::new(
			io::ErrorKind::Unsupported,
			format!(
				"cannot open the RocksDB database at {}: this program is built without RocksDB. \
				 Start it with `--database paritydb`, or build it without the patch of \
				 `kvdb-rocksdb`.",
				path.as_ref().display(),
			),
		))
	}

	/// Unreachable: there is no value of this type.
	pub fn transaction(&self) -> DBTransaction {
		match self.0 {}
	}

	/// Unreachable: there is no value of this type.
	pub fn write(&self, _transaction: DBTransaction) -> io::Result<()> {
		match self.0 {}
	}

	/// Unreachable: there is no value of this type.
	pub fn get(&self, _col: u32, _key: &[u8]) -> io::Result<Option<DBValue>> {
		match self.0 {}
	}

	/// Unreachable: there is no value of this type.
	pub fn iter<'a>(&'a self, _col: u32) -> Box<dyn Iterator<Item = io::Result<DBKeyValue>> + 'a> {
		match self.0 {}
	}

	/// Unreachable: there is no value of this type.
	pub fn num_columns(&self) -> u32 {
		match self.0 {}
	}

	/// Unreachable: there is no value of this type.
	pub fn add_column(&mut self) -> io::Result<()> {
		match self.0 {}
	}

	/// Unreachable: there is no value of this type.
	pub fn remove_last_column(&mut self) -> io::Result<()> {
		match self.0 {}
	}

	/// Unreachable: there is no value of this type.
	pub fn force_compact(&self, _col: u32) -> io::Result<()> {
		match self.0 {}
	}
}

impl KeyValueDB for Database {
	fn get(&self, _col: u32, _key: &[u8]) -> io::Result<Option<DBValue>> {
		match self.0 {}
	}

	fn get_by_prefix(&self, _col: u32, _prefix: &[u8]) -> io::Result<Option<DBValue>> {
		match self.0 {}
	}

	fn write(&self, _transaction: DBTransaction) -> io::Result<()> {
		match self.0 {}
	}

	fn iter<'a>(&'a self, _col: u32) -> Box<dyn Iterator<Item = io::Result<DBKeyValue>> + 'a> {
		match self.0 {}
	}

	fn iter_with_prefix<'a>(
		&'a self,
		_col: u32,
		_prefix: &'a [u8],
	) -> Box<dyn Iterator<Item = io::Result<DBKeyValue>> + 'a> {
		match self.0 {}
	}
}
