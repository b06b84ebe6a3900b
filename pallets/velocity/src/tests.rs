// SPDX-License-Identifier: Apache-2.0

//! What the pallet promises.

mod against_the_sdk;
mod governance;
mod hook;
