"""What the classes of the common data sets are called, in the order of their numbers."""

from __future__ import annotations


def _names(text: str) -> tuple[str, ...]:
    return tuple(" ".join(name.split()) for name in text.split("|"))


NTU120 = _names(
    """drink water|eat meal|brush teeth|brush hair|drop|pick up|throw|sit down|stand up|clap|read|
    write|tear up paper|put on jacket|take off jacket|put on a shoe|take off a shoe|
    put on glasses|take off glasses|put on a hat|take off a hat|cheer up|wave|kick something|
    reach into pocket|hop|jump up|phone call|play with phone|type on a keyboard|
    point to something|take a selfie|check time|rub two hands|nod or bow|shake head|wipe face|
    salute|put palms together|cross hands in front|sneeze or cough|stagger|fall|headache|
    chest pain|backache|neckache|nausea|fan self|punch or slap|kick other person|
    push other person|pat on back|point at other person|hug|give something|
    touch other person's pocket|shake hands|walk towards each other|walk apart|
    put on headphone|take off headphone|shoot at the basket|bounce ball|tennis bat swing|
    juggle table tennis balls|hush|flick hair|thumb up|thumb down|make OK sign|
    make victory sign|staple book|count money|cut nails|cut paper|snap fingers|open bottle|
    sniff|squat down|toss a coin|fold paper|ball up paper|play magic cube|
    apply cream on face|apply cream on hand|put on bag|take off bag|put into a bag|
    take out of a bag|open a box|move heavy objects|shake fist|throw up cap|hands up|cross arms|
    arm circles|arm swings|run on the spot|butt kicks|cross toe touch|side kick|yawn|
    stretch oneself|blow nose|hit with something|wield knife|knock over|grab stuff|
    shoot with gun|step on foot|high-five|cheers and drink|carry together|take a photo|follow|
    whisper in ear|exchange things|support somebody|rock-paper-scissors"""
)
"""NTU RGB+D 120, actions A1 to A120; the first 60 are those of NTU RGB+D."""

PKU_MMD = _names(
    """bow|brush hair|brush teeth|check time|cheer up|clap|cross hands in front|drink water|drop|
    eat meal|fall|give something|wave|shake hands|hop|hug|jump up|kick other person|
    kick something|phone call|pat on back|pick up|play with phone|point at other person|
    point to something|punch or slap|push other person|put on a hat|put into pocket|read|
    rub two hands|salute|sit down|stand up|take off a hat|take off glasses|take off jacket|
    take out of pocket|take a selfie|tear up paper|throw|backache|chest pain|headache|neckache|
    type on a keyboard|fan self|put on jacket|put on glasses|wipe face|write"""
)
"""PKU-MMD, actions 1 to 51."""

NW_UCLA = _names(
    """pick up with one hand|pick up with two hands|drop trash|walk around|sit down|stand up|
    don|doff|throw|carry"""
)
"""NW-UCLA, in the order of the labels 1 to 10; the actions are numbered 1-6, 8, 9, 11, 12."""
