"""PDFs and scans to text in Parquet, on SageMaker Processing or on this machine."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed_ocr_pipeline.client.pipeline import OCRPipeline
    from distributed_ocr_pipeline.client.processor import DocumentProcessor
    from distributed_ocr_pipeline.client.runs import Runs

__all__ = ["DocumentProcessor", "OCRPipeline", "Runs"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the public classes when first used: the worker starts without boto3 and the workflow code."""
    if name == "OCRPipeline":
        from distributed_ocr_pipeline.client.pipeline import OCRPipeline  # pylint: disable=import-outside-toplevel

        return OCRPipeline
    if name == "DocumentProcessor":
        # pylint: disable-next=import-outside-toplevel
        from distributed_ocr_pipeline.client.processor import DocumentProcessor

        return DocumentProcessor
    if name == "Runs":
        from distributed_ocr_pipeline.client.runs import Runs  # pylint: disable=import-outside-toplevel

        return Runs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
