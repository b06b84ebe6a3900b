// SPDX-License-Identifier: GPL-3.0-only

//! Reports a measurement of the hardware.

use frame_benchmarking_cli::SUBSTRATE_REFERENCE_HARDWARE;
use sc_service::TaskManager;
use sc_sysinfo::HwBench;
use sc_telemetry::Telemetry;

/// Logs the measurement, warns if the hardware is too slow for a collator, and sends it to telemetry.
pub(crate) fn report(
	hwbench: HwBench,
	is_collator: bool,
	telemetry: Option<&Telemetry>,
	task_manager: &TaskManager,
) {
	sc_sysinfo::print_hwbench(&hwbench);
	if is_collator {
		// The requirements for a collator are lower than for a relay chain validator.
		let is_relay_chain_authority = false;
		if let Err(failures) =
			SUBSTRATE_REFERENCE_HARDWARE.check_hardware(&hwbench, is_relay_chain_authority)
		{
			log::warn!(
				"⚠️  The hardware is slower than a collator's should be ({failures}): blocks may \
				 not be ready in time. See \
				 https://docs.polkadot.com/infrastructure/running-a-validator/requirements/",
			);
		}
	}
	if let Some(telemetry) = telemetry {
		task_manager.spawn_handle().spawn(
			"telemetry_hwbench",
			None,
			sc_sysinfo::initialize_hwbench_telemetry(telemetry.handle(), hwbench),
		);
	}
}
