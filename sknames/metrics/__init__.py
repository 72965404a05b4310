"""How good a model is on names whose nationalities are known, and what abstaining gains."""

from ._calibration import ReliabilityDisplay
from ._risk_coverage import RiskCoverageDisplay
from ._scorecard import scorecard
from ._top_label import expected_calibration_error

__all__ = [
    "ReliabilityDisplay",
    "RiskCoverageDisplay",
    "expected_calibration_error",
    "scorecard",
]
