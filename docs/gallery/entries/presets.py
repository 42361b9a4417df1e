"""Settings of published methods."""

from functools import partial

from gallery import clips, pictures
from gallery.entry import Entry

VIEWS = [
    Entry("isc_view(layout=layout)", pictures.trace),
    Entry("isc_small_view(layout=layout)", pictures.trace),
    Entry("isc_probe_view()", pictures.timing, clips.circles),
    Entry("isc_test_view()", pictures.timing, clips.circles),
    Entry("crosclr_view(layout)", pictures.trace),
    Entry("aimclr_strong_view(layout)", pictures.trace, seed=8),
    Entry("scdnet_view(layout)", pictures.trace),
    Entry("mamp_view(layout=layout)", pictures.trace),
    Entry("stars_view()", pictures.timing, clips.circles),
    Entry("macdiff_view()", pictures.timing, clips.circles),
    Entry("gltransformer_view(layout)", pictures.trace),
    Entry("ctrgcn_view(layout=layout)", pictures.trace),
    Entry("ucla_view(layout)", pictures.scaled, clips.aside),
    Entry("ucla_test_view(layout)", pictures.scaled, clips.aside),
    Entry("skateformer_view(layout)", pictures.partners, clips.sizes),
    Entry("stgcnpp_view(strong=True, layout=layout)", pictures.trace),
    Entry("dgstgcn_view(layout=layout)", pictures.trace),
    Entry("poseconv3d_view(layout)", partial(pictures.in_image, size=(56, 56)), clips.pixels),
    Entry("stgcn_kinetics_view(layout)", pictures.figures, clips.flat),
    Entry("sgn_view(layout=layout)", pictures.trace),
]

MULTIPLE = [
    Entry("isc_views(layout=layout)", pictures.views, seed=4),
    Entry("umurl_views(layout=layout)", pictures.views, seed=4),
    Entry("pcm3_views(layout)", pictures.views, seed=4),
    Entry("aimclr_views(layout)", pictures.views, seed=8),
    Entry("hysp_views(layout)", pictures.views, seed=8),
    Entry("hiclr_views(layout)", pictures.views, seed=8),
    Entry("skelemixclr_views(layout)", pictures.views),
    Entry("actclr_views(layout, count=5, weak_count=3)", pictures.views, seed=0),
    Entry("pstl_views(layout)", pictures.views),
    Entry("slim_views(layout)", pictures.views),
]

MIXERS = [
    Entry("skelemixclr_mixer(layout)", pictures.mixed, clips.pair),
    Entry("actclr_mixer(layout)", pictures.mixed, clips.pair),
    Entry("pcm3_mixer(layout)", pictures.mixed, clips.pair),
]

TOKENS = [
    Entry("mamp_token_mask()", pictures.tokens, clips.blocks),
    Entry("slim_token_mask(layout)", pictures.tokens, clips.blocks),
]

NORMALISATIONS = [
    Entry("isc_normalise(layout)", pictures.standing, clips.leaning),
    Entry("size_and_place(layout)", pictures.in_image, clips.pixels),
    Entry("crosclr_normalise(layout)", pictures.rooted_trace, clips.aside),
    Entry("crosclr_motion(layout)", pictures.resized_trace),
    Entry("gltransformer_normalise(layout)", pictures.rooted_trace, clips.aside),
    Entry("ctrgcn_normalise(layout)", pictures.figures, clips.ghost),
    Entry("ucla_normalise(layout)", pictures.scaled, clips.aside),
    Entry("pyskl_normalise_3d(layout)", pictures.standing, clips.leaning),
    Entry("pyskl_normalise_2d(layout)", pictures.in_image, clips.pixels),
    Entry("compact_pose(layout)", pictures.in_image, clips.pixels),
    Entry("mean_relative(layout)", pictures.resized_trace),
]

ENTRIES = [*VIEWS, *MULTIPLE, *MIXERS, *TOKENS, *NORMALISATIONS]
