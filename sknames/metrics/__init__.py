"""Measure accuracy, calibration, risk and coverage on names with known labels."""

from ._calibration import ReliabilityDisplay, expected_calibration_error
from ._risk_coverage import RiskCoverageDisplay
from ._scorecard import scorecard

__all__ = [
    "ReliabilityDisplay",
    "RiskCoverageDisplay",
    "expected_calibration_error",
    "scorecard",
]
