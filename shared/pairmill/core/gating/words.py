"""Words and phrases that give away what a text is, as data. Knows no gate.

Phrases are in small letters, without marks; `^` binds one to the beginning of a text. A word is
whole: "as an ai" is not in "as an aisle".
"""

from pairmill.core.lexicon import words

GENERIC = words(
    "all also amount another appear arrangement away background backdrop both change class colour "
    "composition content count detail different down each else every feature find front gallery "
    "get give herself himself image instead item itself "
    "just keep kind layout leave let like likewise look make manner material mood more less now "
    "number object one only other otherwise out own pattern picture place please pose position put "
    "remain replace same scene search see set setting shape show single size still style subject "
    "surface swap switch take texture themselves thing time together tone top turn type up use "
    "variant version view want way "
    "사진 이미지 그림 장면 모습 것 거 버전 다른 같은 똑같은 비슷한 대신 말고 또 또다른 더 "
    "좀 한 하나 장 번 개 이 그 저 이런 그런 여기 거기 이것 그것 찍은 찍힌 본 보이는 볼 나온 나오는 "
    "있는 없는 있을까 있나요 있어 없을까 없나요 찾아 찾아줘 줘 줄래 주세요 보여 보여줘 바꿔 바꿔줘 "
    "해 해줘 만들어 만들어줘 싶어 어때 어떨까 될까 수 중 전체 이번 이번에는 모두 함께"
)
"""Words of asking, names of what may differ, and words of the closed classes that
`pairmill.core.lexicon` has not: to say them tells nothing of an image."""

REFUSALS = (
    "i m sorry", "i am sorry", "i apologize", "i apologise", "sorry but", "^sorry", "my apologies",
    "i cannot assist", "i can t assist", "i cannot help", "i can t help", "i cannot provide",
    "i can t provide", "i cannot generate", "i can t generate", "i cannot create",
    "i can t create", "i cannot write", "i can t write", "i cannot fulfil", "i can t fulfil",
    "i cannot fulfill", "i can t fulfill", "i cannot comply", "i can t comply", "i cannot see the",
    "i can t see the", "i cannot view", "i can t view", "i cannot access", "i can t access",
    "i cannot determine", "i can t determine", "i cannot answer", "i can t answer",
    "i am unable", "i m unable", "i am not able", "i m not able", "unable to assist",
    "unable to view", "unable to see", "unable to provide", "unable to access", "not able to view",
    "as an ai", "as a language model", "as an artificial intelligence", "large language model",
    "language model", "i am an ai", "i m an ai", "i do not have access", "i don t have access",
    "i do not have the ability", "i don t have the ability", "no image was provided",
    "no image provided", "no images were provided", "image was not provided", "not been provided",
    "was not provided", "cannot be determined", "can t be determined", "content policy",
    "policy violation", "against my guidelines", "my guidelines", "ethical guidelines",
    "violates my", "i must decline", "i have to decline", "i decline to", "i will not be able",
    "i won t be able", "insufficient information", "not enough information",
    "need more information", "need more context", "please provide more", "please provide the",
    "could you please provide", "can you please provide", "please upload",
    "죄송합니다", "죄송하지만", "미안하지만", "도와드릴 수 없", "도움을 드릴 수 없", "제공할 수 없",
    "답변할 수 없", "답할 수 없", "대답할 수 없", "생성할 수 없", "작성할 수 없", "확인할 수 없",
    "이미지를 볼 수 없", "사진을 볼 수 없", "인공지능", "언어 모델", "정보가 부족",
    "정보가 충분하지", "제공되지 않", "제공해 주세요", "업로드해 주세요",
)  # fmt: skip

BOILERPLATE = (
    "^sure here", "^sure i", "^certainly", "^absolutely", "^of course here", "^of course i",
    "^here is", "^here are", "^here s", "^the following", "^below is", "^below are",
    "^instruction", "^instructions", "^command", "^commands", "^question", "^questions",
    "^noun phrase", "^noun phrases", "^answer", "^answers", "^output", "^response", "^request",
    "^requests", "^assistant", "^user", "^system", "^caption", "^description", "^example",
    "^examples", "^query", "^target", "^step 1", "^task", "^note that", "^explanation",
    "^description 1", "^json", "hope this helps", "let me know if", "feel free to",
    "as requested", "as per your request", "based on the description",
    "according to the description", "in the description", "from the description",
    "the description says", "the above description", "given description", "provided description",
    "source image", "source picture", "source photo", "target image", "target picture",
    "target photo", "query image", "query picture", "query photo", "reference image",
    "reference picture", "first image", "first picture", "first photo", "second image",
    "second picture", "second photo", "other image", "original image", "original picture",
    "original photo", "image 1", "image 2", "picture 1", "picture 2", "image one", "image two",
    "image a", "image b", "both images", "both pictures", "only the first", "only the second",
    "the two images", "the two pictures", "retrieved image", "search instruction",
    "search engine", "json", "lorem ipsum", "your text here", "insert text", "placeholder",
    "fill in the blank", "instruction here", "sample text", "word limit", "as instructed",
    "follow the format", "in the same format", "system prompt", "few shot", "demonstration",
    "demonstrations", "prompt", "end of text", "im end", "im start", "n a", "^null", "^none",
    "^undefined", "^todo", "^string", "^text",
    "다음은", "^물론", "^네 ", "^명령", "^질문", "^명사구", "^답변", "^요청", "^출력", "^설명",
    "첫째 사진", "둘째 사진", "첫 번째 사진", "두 번째 사진", "첫 번째 이미지", "두 번째 이미지",
    "원본 이미지", "원본 사진", "대상 이미지", "소스 이미지", "타깃 이미지", "쿼리 이미지",
    "두 사진", "두 이미지", "도움이 되었", "도움이 되길", "위 설명", "주어진 설명", "설명에 따르면",
    "프롬프트",
)  # fmt: skip
"""What a model says around an answer, and what only the two images' bookkeeping knows."""

STOP_WORDS = words(
    "a about after all also an and any are as at be been before behind below but by can could did "
    "do does down for from had has have how i if in instead into is it its just like make many "
    "may me more my no not of off on only or other out over put same she should show so some "
    "than that the their them then there these they this those to too turn up was we were what "
    "when where which while who with without would you your"
)
"""Frequent English words."""

FOREIGN = words(
    "aber auch auf aus bitte das dem der des ein eine einem einen einer eines für ist mit nicht "
    "oder sich sie und vom von wie zeig zeige zum zur über ohne statt gleiche "
    "au aux avec ce cette ces dans est et être le les mais même moi montre ou pas pour qui sans "
    "sont sur une unes des du vers voici "
    "algo como cuando del ella es esta este esto las los mismo muestra pero por que quiero sobre "
    "su una unos muy "
    "alla anche che cui dal della delle di gli nel nella non più questo sono stesso sul sulla "
    "mostra mostrami "
    "ao com da dos ele ela em essa esse isso mais mesmo na nas nos não para pela pelo sem seu uma "
    "mostre "
    "aan bij dat deze dit een geen het hij ik maar naar niet ook toon uit voor wat zijn zonder"
)
"""Frequent words of German, French, Spanish, Italian, Portuguese and Dutch that are no English
ones: "van", "hay" and "met" are not here."""
