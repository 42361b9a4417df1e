"""Fused operators of encoders and losses, and the switch between them and their plain forms.

A layer states its mathematics in its own ``forward``, or in a function beside it, and asks
`is_fused` there. Where a fused operator stands in for this plain form, it computes the same numbers
and gradients with less memory and time; tests compare the two. All other derivatives come from the
plain form (`plain_form`). Nothing here has parameters or checks arguments.
"""

from skelter._kernels._attention import attention
from skelter._kernels._channel_graph_conv import channel_graph_conv
from skelter._kernels._derivatives import is_followed, plain_form
from skelter._kernels._fixed_graph_conv import fixed_graph_conv
from skelter._kernels._graph_conv import adaptive_graph_conv
from skelter._kernels._gru import gru_pair
from skelter._kernels._queue_contrast import queue_contrast
from skelter._kernels._recurrence import recur
from skelter._kernels._switch import is_exported, is_fused, product_dtype, use_plain
from skelter._kernels._temporal_conv import temporal_conv
from skelter._kernels._untouched import add_relu, are_untouched

__all__ = [
    "adaptive_graph_conv",
    "add_relu",
    "are_untouched",
    "attention",
    "channel_graph_conv",
    "fixed_graph_conv",
    "gru_pair",
    "is_exported",
    "is_followed",
    "is_fused",
    "plain_form",
    "product_dtype",
    "queue_contrast",
    "recur",
    "temporal_conv",
    "use_plain",
]
