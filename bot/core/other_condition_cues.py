"""Words around the name of another condition that say: this message is about SMA all the same.

All texts here are normalised ones. The rule is to be generous: a name that is overlooked leaves the decision to the
ranking, a name that is found wrongly takes an answer away.
"""

from __future__ import annotations

import re

_SMA = re.compile(
    r"\b(smas?|sma ?\d\w?|smn\d?|5q|spinal (mus\w+|atroph\w+)|mus\w+ (atroph\w+|wasting)|survival motor|werdnig|"
    r"kugelberg|weak (muscles?|breathing|lungs?|cough|chest))\b"
)
_TYPE = re.compile(r"\btype ?([0-4][abc]?|zero|one|two|three|four|i{1,3}|iv)\b")
_OUR_ILLNESS = re.compile(
    r"\b(this|that|the|our|my|his|her|their|same) (\w+ )?(illness|disease|condition|disorder|diagnosis)\b"
)
_IS_NAMED = re.compile(r"(is|was|of|called|named|known|as|its|it|a|an|the| )*")

# Right before the name: what SMA is likened to, taken for, or is not.
_LIKENED = re.compile(
    r"\b(like|unlike|than|not|no|without|never had|isnt|wasnt|versus|vs|such as|as (in|with)|"
    r"(is|was|be|call) (it|this|that)|(it|this|that) (is|was|be)|its|thats|(he|she) is|hes|shes|"
    r"(could|can|might|may) (\w+ ){1,4}be|"
    r"(ask|think|assum|believ)\w* (\w+ )?(he|she|i|we) (has|have|had)|does (he|she|my \w+) have|"
    r"(it|this|that) (\w+ ){0,3}(kind|type|form|sort) of)"
    r"( (a|an|the|in|with|for|of|people|some(one|body)|boys?|girls?|child|kids?|having|just|really|some|kind|type|form|"
    r"sort))*$"
)
# Anywhere: beside these, one name is compared with SMA; two names are compared with each other.
_COMPARED = re.compile(
    r"\b(compar(e|es|ed|ing|isons?|able)|versus|vs|difference|differs?|different (from|to|than)|similar\w*|"
    r"resembl\w+|mista\w+|misdiagnos\w+|"
    r"confus\w+|mix(ed|es|ing)? (\w+ )?up|look ?alikes?|mimics?|distinguish\w*|apart|rather than|instead of|"
    r"rul(e|ed|es|ing) (it |this |that )?out|same (as|illness|disease|things?|genes?|way|conditions?|family|group)|"
    r"(is|be|are|was|were) (\w+ )?(related|linked|connected) (to|with)|related$|(a|any) (link|connection)|as \w+ as|"
    r"put down as|before the (gene|genetic|dna|real|right) \w+|at first|the way|panel|nipt|in our (kids|children)|"
    r"part of (it|this|that|the (illness|disease|condition|disorder))|this$|(or|of|not) this (is|my|what|and)|or from|"
    r"(for|cover) us|can we$|we dont)\b"
)
# Anywhere: somebody has it besides SMA, or a relative has it and the question is what follows for us.
_BESIDES = re.compile(
    r"\b(also|(has|have|had|got) (\w+ ){1,4}(as well|too)|as well as|on top of|in addition to|alongside|"
    r"can (he|she|i|we) still|should (i|we) tell|any clash|while|will (he|she) get (it|that)|"
    r"safe (with|for) (his|her|my|our)|would that work|"
    r"(after|since|before|following) (the |his |her |my )?(gene therapy|infusion|puncture)|"
    r"given (his|her|my|their) \w+|under (sedation|general|an?a?esth\w+|local)|"
    r"(does|do|did|would|will|could|can|should|might) (that|it|this|these) (also )?"
    r"((affect|change|influence) \w+|matter|make a difference|have anything))\b"
)
_TREATMENT = (
    r"(gene therapy|steroids?|predn\w+|infusions?|injections?|punctures?|spinal taps?|ana?esth\w+|antisense|medicines?|"
    r"medications?|drugs?|syrup|tablets?|vaccin\w+|jabs?|stem ?cells?|exosomes?|cell (products?|transplant)|bipap|"
    r"ventilat\w+|wheelchairs?|sitting)"
)
_CAUSE = (
    r"(caus\w+|lead(s|ing)? to|trigger\w*|bring(s|ing)? on|"
    r"giv(e|es|en|ing) (him|her|me|you|them|us|kids|children|babies|people)|risks? of|side effects?|get)"
)
# "can stem cells cause …", "the risk of … after gene therapy", "… from steroids"
_CAUSED_BEFORE = re.compile(rf"\b{_TREATMENT}\b.*\b{_CAUSE}\b|\brisks? of\b")
_MAY_CAUSE = re.compile(rf"\b{_CAUSE}\b")
_BY_TREATMENT = re.compile(rf"\b(with|after|of|by) (\w+ )?{_TREATMENT}\b")
_FROM_TREATMENT = re.compile(
    rf" *((from|due to|because of|caused by)|(possible|likely|common|normal) (after|with)) (\w+ ){{0,2}}{_TREATMENT}\b"
)
_CAUGHT = re.compile(
    r"\b(vaccin\w*|jabs?|jabbed|shots?|boosters?|immuni[sz]\w*|going (a?round|about)|caught|catch|exposed|contact|"
    r"outbreak|near|visit\w*|class|at (school|nursery)|from school)\b"
)


def is_sma_named(text: str, names: list[tuple[int, int]]) -> bool:
    """Whether the text names SMA, one of its types, or "this illness"; `names` is where other conditions stand in it.

    "Type 2" beside another name is a type of that ("diabetes type 2"), and "the disease is called …" points at it.
    """
    if _SMA.search(text):
        return True
    for found in _TYPE.finditer(text):
        if not any(found.start() <= end + 1 and start <= found.end() + 1 for start, end in names):
            return True
    first = names[0][0]
    return any(not _IS_NAMED.fullmatch(text, found.end(), first) for found in _OUR_ILLNESS.finditer(text, 0, first))


def is_compared(text: str) -> bool:
    """Whether things are compared, confused or told apart."""
    return _COMPARED.search(text) is not None


def stands_beside_sma(text: str) -> bool:
    """Whether the condition is something that comes on top, or only matters for what follows."""
    return _BESIDES.search(text) is not None


def is_likened_or_feared(text: str, start: int, end: int) -> bool:
    """Whether the name at this place is only likened to, denied, or feared from a treatment."""
    before = text[:start].rstrip()
    if _LIKENED.search(before) or _CAUSED_BEFORE.search(before) or _FROM_TREATMENT.match(text, end):
        return True
    return _MAY_CAUSE.search(before) is not None and _BY_TREATMENT.search(text, end) is not None


def is_caught(text: str) -> bool:
    """Whether it is about vaccination, or about meeting somebody with an infection."""
    return _CAUGHT.search(text) is not None
