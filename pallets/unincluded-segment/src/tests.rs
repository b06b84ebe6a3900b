// SPDX-License-Identifier: Apache-2.0

//! Tests of the pallet, by subject.

mod against_the_sdk;
mod cost;
mod faults;
mod history;
mod migration;
mod notifications;
mod payout_example;
mod queries;
mod records;
mod stall;
mod wiring;
