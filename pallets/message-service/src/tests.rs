// SPDX-License-Identifier: Apache-2.0

//! Tests, one file per topic.

mod against_the_sdk;
mod backlog;
mod heavy;
mod intake;
mod wiring;
