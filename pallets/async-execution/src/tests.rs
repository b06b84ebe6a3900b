// SPDX-License-Identifier: Apache-2.0

//! Tests on the chain of [`crate::mock`].

mod ordering;
mod execution;
mod recovery;
mod sealing;
