"""Partners: who brings business."""
