// SPDX-License-Identifier: Apache-2.0

//! Tests on the chain of [`crate::mock`], and the model of the lane.

mod equivalence;
mod execution;
mod histories;
mod model;
mod ordering;
mod recovery;
mod sealing;
mod wrapper;
