// SPDX-License-Identifier: Apache-2.0

//! Nothing: the tests of the stand-ins are in `tests/`, a file for each.
