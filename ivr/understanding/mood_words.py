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
            必须给我(?:个|一个)?说法; 逼疯; 要疯了; 当猴耍; 耍我; 当我是傻; 聋子; 死人; 良心(?!话); 一肚子(?:火|气);
            火冒三丈; 怒火; 气(?:得|坏|昏|晕|愤|到)(?!象); 气人; 窝火; 抓狂; 崩溃; 发疯; 疯了; 忍(?:不了|够|无可忍);
            忍到; 受够; 够了(?=[!！，。]|$); 骗我; 骗(?:消费者|老百姓|客户|老人); 诈骗犯; 诈骗公司; 抢劫; 抢钱;
            抢(?:我)?的?钱; 吃人; 黑店; 黑公司; 烂(?:透|公司|服务|到家|死|摊子|东西); 倒闭; 无良; 缺德; 丧良心;
            没良心; 卑鄙; 下流; 恶劣; 恶毒; 可耻; 丢人; 不是人; 畜生; 禽兽; 猪(?:吗|脑|一样); 蠢(?:货|猪|死); 白痴;
            弱智; 智障; 神经病(?!院|科); 变态; 傻子; 二百五; 窝囊废; 草包; 吃屎; 狗(?:东西|娘养|眼看人低|日的);
            操(?!作|场|心|控|练|纵|盘|劳); 靠(?=，|$); 我靠; 卧槽; 尼玛; 你妈(?!妈); 特么; 奶奶的; 去你的; 老子;
            放你; 胡说八道; 胡扯; 鬼话; 瞎扯; 扯淡; 屁(?:话|用|股擦); 有屁; 滚蛋; 脑子(?:进水|坏|被); 眼瞎; 瞎了;
            耳(?:朵)?聋; 你当我; 当我好(?:欺负|骗); 拿我当; 玩我; 逗我; 唬弄; 糊弄(?:我|谁|人); 欺骗; 欺诈;
            霸王条款; 流氓公司; 脸都不要; 还要不要脸; 要脸吗; 告到; 告死; 告你; 打官司; 律师(?:告|起诉); 工商局;
            工信部; 市长热线; 三一五; 12315(?=投诉|告|举报); 举报你; 上新闻; 媒体; 曝光; 走着瞧; 等着瞧; 给我等着;
            试试看; 再敢; 跟你(?:们)?拼; 跟你(?:们)?没完; 没完没了; 不得好死; 天打雷劈; 会不会说话;
            听不懂(?:中国话|人话); 说人话; 凭什么骗; 叫你们(?:领导|老板)滚; 滚出来; 吃干饭的; 混账; 混球; 贱; 人渣;
            败类; 骂
        """,
        PLAIN: r"""
            生气; 投诉你们; 投诉你; 差劲; 太差; 糟糕; 糟透; 恶心; 烦死; 烦人; 烦不烦; 离谱; 过分; 敷衍; 推卸;
            推来推去; 踢皮球; 浪费(?:我的?)?时间; 忽悠; 耍赖; 不负责任; 乱扣; 乱收; 莫名其妙; 没耐心; 受不了;
            没有?人(?:管|理|能解决|解决); 搞什么; 干什么吃的; 吃干饭; 气愤; 窝囊; 憋屈; 无语; 服了;
            坑(?:我|了|人|钱|客户|爹); 太烂; 很烂; 真烂; 差(?:到|得|死|极); 太低; 太黑; 不靠谱; 不像话; 太不; 胡来;
            乱来; 扯皮; 拖延; 推诿; 甩锅; 踢来踢去; 没(?:人|谁)(?:接|理|管|处理|负责|回|来);
            不(?:理人|管不顾|作为|负责|认账|守信|讲信用|专业|尊重); 说话不算; 不算数; 言而无信; 出尔反尔;
            玩(?:文字|套路); 套路; 欺; 烦(?!请|劳|您|你|人工|帮); 恼; 可气; 可恶; 讨厌; 厌烦; 心累; 心烦; 耐心;
            折腾; 折磨; 崩; 不可理喻; 荒唐; 可笑; 笑话; 搞笑; 太夸张; 消协; 12315; 索赔; 赔偿
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
            答应(?:的|好的?|过)?; 说好; 换别家; 不满意; 又; 还在; 还得; 还要; 老(?:是|断|坏|出|掉);
            一直(?:没|不|打|在等|占线|断); 总(?:断|坏|出|说|让|打); 每(?:次|回)都?;
            怎么(?:还|又|老|总|这么|会这样|没|不|就|回事|搞);
            为什么(?:还|又|总|老|不|没|要我|每|就|一直|突然|这么|多扣|扣); 凭啥; 什么时候(?:才|能|到底);
            多(?:少|长)(?:次|天|时间)了;
            [一二两三四五六七八九十几多半好]+(?:个)?(?:天|小时|钟头|星期|礼拜|月|周|分钟|次|遍|回|趟|年)(?:了|都|还|才|也|，);
            等(?:了|得|到现在|这么|不了|太久|不及); 催(?:了|过|好);
            打了?(?:好)?[几多一二两三四五六七八九十]+(?:个|次|遍|通); 耽误; 影响(?:我|工作|使用|生意|生活); 损失;
            不爽; 不高兴; 不开心; 不舒服; 不认可; 不接受; 不同意; 不应该; 不对劲; 不合适; 不公平; 不一样; 不明不白;
            不清不楚; 没(?:用|人|解决|结果|反应|下文|动静|回音|消息|到账|收到|来|修好|处理|说清|兑现|经过);
            没有(?:人|结果|下文|回音|消息|解决); 根本(?:不|没|就); 从来; 明明; 居然; 竟然; 难道; 究竟; 至于吗;
            说清楚; 解释(?!一下); 给(?:我|个)?(?:个)?(?:说法|交代|答复|解释|结果); 多扣; 乱扣;
            白(?:跑|等|打|花)(?!天); 浪费; 麻烦(?:死|不|得|透|了); 费劲; 复杂; 难用; 难打; 慢(?:死|得|吞|悠);
            这么慢; 好慢; 差(?:评|劲|了|太); 服务差; 质量差; 态度差; 信号差; 糟; 急(?:死|着|用|需|得|了|啊); 着急;
            退(?:网|款|钱|订)(?=，|吧|给|了|！); 换(?:别|一)家; 再也不; 赶紧(?!的话); 马上(?:给|解决|处理|退|叫|让);
            立刻; 快点(?!.{0,2}吗); 必须; 不要再; 别(?:再|跟我|让我|老|总|糊弄|推|拖); 领导; 主管; 经理; 上级;
            机器人; 听不懂; 找不到人; 占线; 推(?:给|来|到); 踢; 忘了(?=吧|吗|我); 忘记了吧; 骗
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
            right now or else; i hate (?:this|you|your|it); thie(?:f|ves|ving); crook(?:s|ed)?; frauds?; fraudulent;
            con artists?; conned; swindl(?:e|ed|ers?); steal(?:ing)? (?:my|from|our); stolen my; stole from;
            rob(?:bed|bing|bers|bery)?; robbery; scum(?:bags?)?; trash; junk; rubbish; lousy; crappy; shit(?:ty)?;
            bastards?; bitch(?:es)?; jerks?; dumb(?:ass)?; dumbest; brain ?dead; braindead; clowns?; moronic;
            idiotic; imbecile; imbeciles; loser; losers; rotten; filthy; revolting; repulsive; vile; despicable;
            appalling; atrocious; abysmal; horrendous; dreadful; hideous; insulting; insult; offensive; enraged?;
            rage; seething; fuming; boiling; infuriat(?:ed|ing); irate; outrage; hate; despise; loathe; sickening;
            make(?:s)? me sick; sick of; had it; had it with; up to here; last straw; shame on you; no shame;
            shameless; ashamed; get lost; go away; piss off; bugger off; shut (?:up|your mouth|it); stinks?; sucks?;
            suck; damn(?:ed)?; dammit; hell (?:is|are|no|with); to hell; bloody; lawsuit; legal action; sue; suing;
            court; judge; attorney; police; report you; expose you; on the news; post this; go public;
            tell everyone; bankrupt; liar; lie(?:s|d)? to me; lying; cheat(?:s|ers|ing); ripp(?:ed|ing) off;
            rip off; ripoff; heartless; disgust(?:ed|ing); hopeless; worthless; good for nothing; incompetence;
            clueless; fool(?:s|ed)?; treat me like; take me for; play(?:ing)? games; mess(?:ing)? with me; screwed?;
            screwing; bull(?:crap)?; nonsense; kidding; insanity; crazy; mental; mad; yell(?:ing)?; scream(?:ing)?;
            explode; lose it; losing it; never again; rot; dare you; you dare; swear; threat(?:en)?; bully(?:ing)?;
            robber; blood; enough
        """,
        PLAIN: r"""
            angry; mad(?= at| about|$); ridiculous; unacceptable; terrible; awful; horrible; a joke;
            wast(?:e|ing) (?:of )?(?:my )?time; annoyed; annoying; absurd; appalling; shameful; lied; lying to me;
            nonsense; rude; stupid; outrage; unbelievable; inexcusable; unprofessional; shocking; bad(?:ly)?; worse;
            worst; poor; careless; rude(?:ly)?; arrogant; ignor(?:ed|ing); ignorant; dishonest; misleading; mislead;
            misled; tricked; deceiv(?:ed|ing); false; overcharg(?:ed|ing); unauthori[sz]ed; ombudsman; regulator;
            consumer protection; compensation; refund now; demand; insist; hang up on; hung up on; fail(?:ed|ure)?;
            laughable; mockery; embarrassing; annoy(?:s)?; irritat(?:ed|ing); fuss; exhausted; ridicul(?:e|ous);
            excuse(?:s)?; nightmare; mess; disaster; hell; joke; silly; trick
        """,
        MILD: r"""
            disappoint(?:ed|ing|ment); frustrat(?:ed|ing); upset; complain(?:ing)?;
            complaint(?! take| number| line| form); unhappy; not happy; not satisfied; dissatisfied; still waiting;
            still (?:not|no|hasn t|haven t|isn t|doesn t|broken); (?:third|fourth|fifth|tenth) time; how many times;
            over and over; again and again;
            (?:two|three|four|five|six|ten|several|half an) (?:hours?|days|weeks|times); every time;
            keep(?:s)? (?:calling|getting|saying|telling|asking|sending); passed around;
            nobody (?:cares?|came|answers?|helps?|calls?); already (?:told|said|called|explained); manager;
            supervisor; unfair; not fair; cheated; excuses; patience; urgent; hurry up; too slow; passes me;
            (?:is|are) (?:it|this|you|we) finally; not okay; can t accept; a solution; a machine; real person;
            not the first time; can t believe; promise(?:d)?; so long; even listening; don t put me on hold;
            didn t keep; never (?:do|did|call(?:ed)?|came|come)(?=$| back); can nobody; impossible to (?:reach|get);
            down again; not again; broken again; worried; so complicated; switch to (?:someone|another|somebody);
            just said; (?:can t|cannot) anyone; where is (?:my|the) (?:money|refund); sends? me; come on;
            taking (?:so|too|this) long; again; still; already; yet(?=$); not yet; never; nobody; no one; no ?body;
            not one; none of; nothing (?:works|happens|helps|happened); anyone (?:there|listening); anybody; always;
            every (?:single )?(?:time|day|week|month); each time; forever; ages; weeks?(?= now| already|$);
            for (?:an?|two|three|four|five|six|ten|twenty|thirty|forty|over) (?:weeks?|hours?|days|months?|minutes);
            for (?:weeks|days|hours|months|over|ten);
            (?:two|three|four|five|six|ten|second|third|fourth) (?:times?|calls|weeks)(?= now| already| and| this| for|$);
            (?:two|three|four|five|six|ten) (?:days|hours|months|appointments)(?= now| already| and| this| for|$);
            waiting; waited; on hold; hold music; late; delay(?:ed|s)?; stuck; broke(?:n)?; break(?:s|ing)?;
            down(?= again|, what| since); drop(?:s|ping) (?:out|all); keeps;
            keep (?:having|getting|waiting|being|on);
            why (?:is|are|was|do|does|did|am|can t|cannot|isn t|won t|would|has|hasn t|haven t|should)(?! (?:the|there))?;
            what (?:is going|s going|on earth|exactly|s happening|happened to);
            when (?:will|are|is) (?:you|i|it|my|this|someone) (?:finally|ever|going|get);
            how (?:long|many times|much longer|hard|can|often|come) (?:do|must|will|is|should|does|this|something|am|it);
            how come; do i (?:really )?have to; am i supposed to; have i got to; told (?:me|you|that); was told;
            were told; was promised; you said; they said; supposed to; promise(?:d|s)?; expected; owe;
            explain(?:ation)? (?:why|this|that|yourself); explanation;
            not (?:acceptable|good enough|right|what|happy|fair|okay|satisfied);
            not (?:working|helpful|pleased|impressed|my problem|the first);
            don t (?:want to hear|make me|tell me|put me|give me|just|accept|appreciate|think that s);
            do not accept; can t (?:wait|work|use|reach|get|take|accept|stand|afford|keep|even);
            cannot (?:wait|work|use|reach|take|accept); won t (?:accept|wait|pay); tired; sick; stress(?:ed|ful)?;
            worr(?:y|ied)(?! about it| though); disappoint(?:ed|ing|ment)?; concern(?:ed)?; displeased;
            complain(?:t|ts|ing|ed)?; lost (?:a|my|an|work|time|money|hours); wast(?:e|ed|ing); cost(?:ing)? me;
            paid for; paying for (?:this|nothing|it|what); cancel(?:ling)?(?= if| then| everything| my contract);
            i m cancelling; leav(?:e|ing) for; switch(?:ing)? (?:to|provider|away); somebody (?:else|higher);
            your boss; boss; higher up; robot; bot(?=$| doesn| can); machine; buttons?; pressing; press and press;
            script; straight answer; runaround; run around; sent around; pass(?:ed|ing) (?:me|around|on);
            back and forth; forgot(?:ten)? (?:about )?me; ignored; useless; overcharged; twice; out of patience;
            hurry; quick(?:er|ly)(?=$| please); faster; immediately; right now; asap; this minute; at once; finally;
            honest(?:ly)?; seriously; really(?= have to| need| not); for real; oh great; great another
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
        r"|(?:爱人|老婆|老公|妻子|丈夫|妈妈|我妈|爸爸|我爸|朋友|客户|邻居|孩子|儿子|女儿|同事|他|她)"
        r"(?:现在|都|很|有点|也|挺|比较|说){0,2}"
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
