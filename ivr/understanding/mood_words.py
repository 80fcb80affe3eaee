"""Words that displeased and angry callers say, with what each weighs. Pure: no model; well under a millisecond a text.

A swear word is enough by itself, a complaint needs company: a second one, an intensifier before it, or the same words over and
over. What is denied ("我不是生气", "I'm not angry") or felt by somebody else ("my wife is upset") counts for nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST = 400
"""Characters of a text that are looked at."""
MOST_WORDS = 8
"""Different words of a text that are told."""

STRONG, PLAIN, MILD = 1.0, 0.6, 0.4
"""What a word weighs: from 1 on a text is angry."""

_WORDS: Mapping[str, Mapping[float, str]] = {
    # Regular expressions between semicolons; what follows `(?!` makes another word of it.
    "zh": {
        STRONG: r"""
            气死; 气炸; 气疯; 火大(?!不大); 发火(?!警|灾|车); 愤怒; 恼火; 忍无可忍; 受够了; 欺人太甚;
            欺负(?:人|老实人); 太过分; 岂有此理; 骗子(?!冒充|的?短信|的?电话); 骗人; 骗钱; 坑人; 坑钱; 坑爹;
            坑老百姓; 垃圾(?!短信|邮件|电话|信息|桶|箱|袋|分类|处理|站|车|费); 混蛋; 王八蛋; 他妈; 妈的; 狗屁; 放屁;
            滚(?!动|筒|轮|烫|石|圆|球|梯|刷|瓜|存|滚|装|压); 傻逼; 傻叉; 脑残; 废物(?!利用|回收); 去死; 见鬼去;
            饭桶; 什么破; 破公司; 破玩意; 什么玩意; 什么东西(?=[啊呀!！]|$); 什么态度;
            什么服务(?=[啊呀!！,，]|$|气); 有病(?!假|人|房|历|床|号|要|的|想|看); 脑子有问题; 不要脸; 黑心; 无耻;
            流氓; 强盗; 不讲理; 讲不讲理; 曝光你们; 告你们; 起诉(?!书|状|材料|流程|费用); 法院见; 律师函(?!怎么|在);
            跟你们没完; 闭嘴; 别?废话; 人话; 去总部闹; (?:有|要你们)什么用(?=[啊呀]|$); 忍(?:你们|你)很久;
            必须给我(?:个|一个)?说法; 逼疯; 要疯了; 当猴耍; 耍我; 当我是傻; 聋子; 死人; 良心(?!话)
        """,
        PLAIN: r"""
            生气; 投诉你们; 投诉你; 差劲; 太差; 糟糕; 糟透; 恶心; 烦死; 烦人; 烦不烦; 离谱; 过分; 敷衍; 推卸;
            推来推去; 踢皮球; 浪费(?:我的?)?时间; 忽悠; 耍赖; 不负责任; 乱扣; 乱收; 莫名其妙; 没耐心; 受不了;
            没有?人(?:管|理|能解决|解决); 搞什么; 干什么吃的; 吃干饭
        """,
        MILD: r"""
            不满; 失望; 等了半天; 打了好几次; (?:说|讲)了(?:多少|几|好几|两|三|八百|无数|很多)遍; 到底; 凭什么;
            怎么回事; (?<!怎么)(?<!如何)(?<!请问)投诉(?!电话|流程|渠道|热线|入口|单|结果|要多久|多久|建议|到哪);
            (?:不是)?第[一几三四五六]次了; 第[几三四五六]次; 刚才不是说过; 负责人; (?:让我)?一会儿让我;
            效率(?:也)?太低; 可不是这么; 能不能来个人; 又(?:断|坏|扣|是|让|要|不);
            还(?:没|是没|不)(?!想|知道|清楚|急);
            都[一二两三四五六七八九十几半\d]+(?:个)?(?:天|小时|钟头|星期|月|次|分钟); 老是; 总是; 每次都;
            着急(?!不); 听不懂吗; 有没有在听; 能不能快; 太慢; 太麻烦; 叫你们(?:领导|主管|经理|负责人)?; 不合理;
            不能接受; 被坑; 推脱; 别再; 拖(?:了|着|到|延|我|下去); 转来转去; [好几三四五]次了?(?:电话|还是|，|了);
            不?想?跟机器说; 怎么赔; 要结果; 这么(?:久|慢|难|麻烦|复杂|费劲); 没有?进展; 从来没有?;
            答应(?:的|好的?|过)?; 说好; 换别家; 不满意
        """,
    },
    "en": {
        STRONG: r"""
            furious; outrageous; outraged; livid; pissed(?: off)?; fed up; sick and tired;
            sick of (?:this|you|it|your); had (?:it|enough); enough is enough; bull ?shit; bloody hell;
            fuck(?:ing|ed)?; wtf; damn it; god ?damn(?:ed)?(?: it)?; damn(?! good| well); ass ?holes?; idiots?;
            morons?; imbeciles?; useless; rip(?:ped|ping)?(?: (?:me|us|people))? off; rip ?off;
            scam(?:mers?|ming)?(?! (?:text|call|e ?mail|message|letter|sms|alert)); crooks?; thie(?:f|ves); liars?;
            frauds?ters; shut up; how dare you; don t you dare; sue you; my lawyer; in court;
            worst (?:service|company|experience|ever|customer); pathetic; screw you; crap;
            garbage(?! (?:bag|can|bin|collection|truck|disposal)); disgusting; disgrace; disgraceful;
            ashamed of yoursel(?:f|ves); incompetent; kidding me; joking me; out of your minds?; insane;
            driving me crazy; losing my mind; go to hell; what the (?:hell|heck|fuck); are you deaf; stole my;
            no idea how angry; what kind of (?:service|company)(?: is)?; treated so (?:badly|poorly); stop talking;
            right now or else; i hate (?:this|you|your|it)
        """,
        PLAIN: r"""
            angry; mad(?= at| about|$); ridiculous; unacceptable; terrible; awful; horrible; a joke;
            wast(?:e|ing) (?:of )?(?:my )?time; annoyed; annoying; absurd; appalling; shameful; lied; lying to me;
            nonsense; rude; stupid
        """,
        MILD: r"""
            disappoint(?:ed|ing|ment); frustrat(?:ed|ing); upset; complain(?:ing)?;
            complaint(?! take| number| line| form); unhappy; not happy; not satisfied; dissatisfied; still waiting;
            still (?:not|no|hasn t|haven t|isn t|doesn t|broken); (?:third|fourth|fifth|tenth) time; how many times;
            over and over; again and again;
            (?:two|three|four|five|six|ten|several|half an) (?:hours?|days|weeks|times); every time;
            keep(?:s)? (?:calling|getting|saying|telling|asking|sending); passed around;
            nobody (?:cares?|came|answers?|helps?|calls?); already (?:told|said|called|explained); manager;
            supervisor; unfair; not fair; cheated; excuses; patience; urgent; hurry up; too slow;
            passes me|(?:is|are) (?:it|this|you|we) finally; not okay; can t accept; a solution; a machine;
            real person; not the first time; can t believe; promise(?:d)?; so long; even listening;
            don t put me on hold; didn t keep; never (?:do|did|call(?:ed)?|came|come)(?=$| back); can nobody;
            impossible to (?:reach|get); down again; not again; broken again; worried; so complicated;
            switch to (?:someone|another|somebody); just said; (?:can t|cannot) anyone;
            where is (?:my|the) (?:money|refund); sends? me; come on; taking (?:so|too|this) long
        """,
    },
}
_STRONGER = {
    "zh": re.compile(r"(?:太|真|真的|非常|特别|十分|简直|实在|极其|超级|这么|好)\Z"),
    "en": re.compile(r"\b(?:so|very|really|absolutely|completely|totally|extremely|such|this is|beyond)\s+(?:an?\s+)?\Z"),
}
_DENIED = {
    "zh": re.compile(
        r"(?:(?:(?<!是)不是|没有|没|不|并不|别|不用|不想|不会|并非|不至于|谈不上)(?:很|太|那么|这么|在|想|要|真|觉得)?"
        r"|(?:爱人|老婆|老公|妻子|丈夫|妈妈|我妈|爸爸|我爸|朋友|客户|邻居|孩子|儿子|女儿|同事|他|她)(?:现在|都|很|有点|也|挺|比较|说){0,2}"
        r"|(?:撤销|取消|之前的|上次的|提交一个|登记一个))\Z"
    ),
    "en": re.compile(
        r"\b(?:(?:not|no|never|without|nothing|hardly|isn t|wasn t|don t|didn t|aren t|won t|doesn t)\s+(?:\w+\s+){0,3}"
        r"|(?:wife|husband|mother|father|mom|dad|friend|customer|neighbou?r|boss|he|she)(?: s)?\s+"
        r"(?:(?:is|was|got|gets|a|bit|little|very|really|so)\s+){0,4}"
        r"|(?:how (?:do|can|would) (?:i|you)|how to|number for|close my|withdraw my|previous|last)\s+(?:\w+\s+){0,2})\Z"
    ),
}
_LOOK_BACK = 28
"""Characters before a word in which it may be denied."""
_EMPHASIS = 1.5
"""What an intensifier makes of a weight."""
_SHOUTED = 0.2
"""What exclamation marks, or repeats of the same words, add to words that already weigh something."""
_REPEATED = re.compile(r"(.{2,12}?)[\s,.!。，！]*\1[\s,.!。，！]*\1")
_MARKS = re.compile(r"[^\w!？?，,。 ]+|_")


@dataclass(frozen=True, slots=True)
class Found:
    """What a text weighs, and by which words."""

    weight: float = 0.0
    words: tuple[str, ...] = ()
    """As they were said, in order, the heaviest kind first."""
    strong: int = 0
    plain: int = 0
    mild: int = 0
    denied: int = 0
    """Words that would have counted."""
    shouted: bool = False


def normal(text: str) -> str:
    """A text as words are looked for in it: one spelling of each letter, small ones, apostrophes and other marks as spaces."""
    said = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()[:LONGEST]
    return " ".join(_MARKS.sub(" ", said).split())


def find(said: str, language: str) -> Found:
    """The words of a text that was made `normal`; nothing in languages without a list."""
    words = _COMPILED.get(language)
    if words is None:
        return Found()
    seen: dict[str, float] = {}
    counts, denied, weight = dict.fromkeys((STRONG, PLAIN, MILD), 0), 0, 0.0
    for found in words.finditer(said):
        word, worth = found[0].strip(), _WORTH[found.lastgroup or ""]
        if word in seen:
            continue
        before = said[max(0, found.start() - _LOOK_BACK) : found.start()]
        if _DENIED[language].search(before):
            denied += 1
            continue
        seen[word] = worth
        counts[worth] += 1
        weight += worth * (_EMPHASIS if _STRONGER[language].search(before) else 1.0)
    shouted = bool(seen) and ("!!" in said or _REPEATED.search(said) is not None)
    told = tuple(sorted(seen, key=lambda word: -seen[word])[:MOST_WORDS])
    return Found(weight + _SHOUTED * shouted, told, counts[STRONG], counts[PLAIN], counts[MILD], denied, shouted)


_WORTH = {"strong": STRONG, "plain": PLAIN, "mild": MILD}


def _compiled(language: str, kinds: Mapping[float, str]) -> re.Pattern[str]:
    """All words of a language, the heaviest first: the first that fits at a place is the one."""
    edge = r"\b" if language == "en" else ""
    groups = []
    for name, worth in _WORTH.items():
        words = sorted((one.strip() for one in kinds[worth].split(";")), key=lambda one: -len(one))
        groups.append(f"(?P<{name}>{edge}(?:{'|'.join(words)}){edge})")
    return re.compile("|".join(groups))


_COMPILED = {language: _compiled(language, kinds) for language, kinds in _WORDS.items()}
