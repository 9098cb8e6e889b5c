"""The letters SMA have other meanings; where only they stand, the bot asks which is meant."""

from __future__ import annotations

import re

from bot.core.normal import normalise

_OTHER = re.compile(
    r"\b(sma syndrome|superior mesenteric|mesenteric arter\w*|smooth muscle (anti ?bod\w*|ab)|anti smooth muscle|"
    r"sma (gold|formula|milk|follow on|first infant|pro|lf|comfort|antibod\w*|test positive|connector|inverter|"
    r"artery|compression|bypass|stenosis|angioplasty|titre|titer|igg)|wilkie\w*|nutcracker)\b"
)
_OURS = re.compile(
    r"\b(spinal|muscular|atrophy|smn\w*|spinraza|nusinersen|evrysdi|risdiplam|zolgensma|itvisma|after (spinal|back|"
    r"spine|scoliosis|fusion)|scoliosis surgery|type [0-4i]+|floppy|wheelchair)\b"
)


def means_other_sma(text: str) -> bool:
    """Whether the message is about another thing called SMA and not, at the same time, about ours."""
    plain = normalise(text)
    return bool(_OTHER.search(plain)) and not _OURS.search(plain)


_BARE = re.compile(
    r"^(what is |whats |what does |define |meaning of |about |tell me about )?(an? |the )?sma( mean| stand for)?"
    r"( test| positive| blood test| result| scan)$"
)


def is_ambiguous_sma(text: str) -> bool:
    """Whether a short message names SMA in a way that fits two meanings ("sma test")."""
    return bool(_BARE.match(normalise(text)))
