// SPDX-License-Identifier: Apache-2.0

//! Pallets that act on inclusion, to be read. They are compiled for tests and documentation only.

pub mod payout;
