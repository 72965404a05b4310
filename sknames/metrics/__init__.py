"""Measure accuracy, calibration, risk and coverage on names with known labels."""

from ._calibration import ReliabilityDisplay, expected_calibration_error
from ._risk_coverage import RiskCoverageDisplay
from ._scorecard import Scorecard, scorecard

__all__ = [
    "ReliabilityDisplay",
    "RiskCoverageDisplay",
    "Scorecard",
    "expected_calibration_error",
    "scorecard",
]
