// SPDX-License-Identifier: Apache-2.0

//! What the pallet promises.

mod against_the_sdk;
mod cost;
mod example;
mod faults;
mod history;
mod migration;
mod queries;
mod records;
mod stall;
mod telling;
mod wiring;
