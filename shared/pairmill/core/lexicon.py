"""English words by what they do, as data. Knows nothing of captions."""


def words(line: str) -> frozenset[str]:
    """Return the words of a line as a set."""
    return frozenset(line.split())


PREPOSITIONS = words(
    "about above across against along among around at before behind below beneath beside "
    "between by for from in inside into near on onto over through toward under with without"
)

FUNCTION = PREPOSITIONS | words(
    "a an and any are as be been but can could do does had has have he her here his how i if "
    "is it its like may me might my no not of off onto or our out shall she should so some "
    "such than that the their them then there these they this those to too us was we were "
    "what where which while who whose why will would you your"
)
"""Words of the closed classes: they say nothing about what an image shows."""

ARTICLES = words("a an the")

DETERMINERS = ARTICLES | words(
    "all any both each eight eleven every few five four her his its many nine no one seven "
    "several six some ten their three twelve two 10 2 3 4 5 6 7 8 9"
)
"""They take the place of an article."""

PLURALS = words("cacti children feet geese men mice people teeth wolves women")

SINGULARS = words("always atlas bias canvas christmas gas kudos lens texas")

MASS = words(
    "art beer bread butter cash cheese clothing coffee fire fog food footwear furniture "
    "garlic gold graffiti grass hair ice jewellery juice lighting lightning luggage meat "
    "metal milk money music origami outwear paper pasta pottery rain rice sand silver smoke "
    "snow soap spaghetti sushi tea texture traffic velvet water weather wine wood wool yarn"
)
"""Nouns without an article."""

NOT_ACTIONS = words(
    "anything awning being building ceiling clothing darling drawing during earring evening "
    "everything king lighting lightning morning nothing offspring painting pudding rendering "
    "ring setting sibling something spring sterling string thing wedding wing"
)
"""Words in -ing that are no verbs."""

BRITISH = {
    "center": "centre",
    "checkered": "chequered",
    "color": "colour",
    "gray": "grey",
    "jewelry": "jewellery",
    "multicolor": "multicolour",
    "watercolor": "watercolour",
}

PEOPLE = words(
    "adult baby boy boys child children couple female gentleman girl girls guy kid lady male "
    "man men people person teenager toddler woman women"
)

STYLE_HEADS = words(
    "anime art cartoon charcoal clipart collage comic cutout doodle drawing embroidery "
    "engraving etching graffiti illustration lithograph mosaic origami painting pastel photo "
    "photograph photography portrait render rendering sculpture silhouette sketch sticker "
    "watercolour woodcut cut-out line-art pixel-art"
)
"""Nouns that say how an image was made."""

WORN = words(
    "beard cap crown dress eye eyebrow face glass glasses hair hairstyle hat headscarf helmet "
    "makeup moustache mustache scarf shirt skin smile sunglass sunglasses tail tattoo turban "
    "veil"
)
"""What a person has rather than is."""

DIRECTIONS = words("backward down downward forward left right up upward")

ADMINISTRATIVE = words(
    "aesthetic author bytes camera copyright crawl created credit dataset date dir domain "
    "error exif file filename folder format gps hash height id ids index key keys lang "
    "language licence license mime mode nsfw original page path phash photographer punsafe "
    "pwatermark rank score sha shard similarity source split status subset time timestamp uid "
    "updated uri url urls uuid version watermark width year md5 sha1 sha256"
)
"""Parts of names of attributes that keep house and show nothing."""

TAGS = words("hashtags keyword keywords labels tag tags terms")

NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)

PICTURES = words("close-up closeup image picture shot view")
"""A picture of something says nothing of its style."""

GROUNDS = words("backdrop background")

DRAWN = words("as depicted done drawn in like made painted rendered shown styled")
"""What may stand before a style."""
