"""How good a model is on names whose nationalities are known, and what abstaining gains."""

from ._calibration import ReliabilityDisplay, expected_calibration_error
from ._risk_coverage import RiskCoverageDisplay
from ._scorecard import scorecard

__all__ = [
    "ReliabilityDisplay",
    "RiskCoverageDisplay",
    "expected_calibration_error",
    "scorecard",
]
