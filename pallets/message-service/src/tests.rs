// SPDX-License-Identifier: Apache-2.0

//! Tests, by what they are about.

mod against_the_sdk;
mod backlog;
mod heavy;
mod intake;
mod wiring;
