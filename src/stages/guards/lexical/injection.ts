import { foldedPattern } from '../fold.ts'
import type { Finding, SpanDetector } from '../types.ts'

/** Longest match of any rule: gaps are bounded. */
const REACH = 200

/** `gap` words: some text on one line, of bounded length. */
const GAP = '[^.!?\\n]{0,40}?'
const SHORT = '[^.!?\\n]{0,16}?'

/** Sentences with which texts try to take a model over. One row a way and language; `…` is a short gap, `……` a longer one. */
const SENTENCES: readonly string[] = [
  '\\b(?:ignore|disregard|forget|override|bypass|do not follow|don.t follow|stop following)\\b……\\b(?:previous|prior|above|earlier|preceding|all|any|your|the system|initial|original)\\b……\\b(?:instructions?|prompts?|rules?|directions?|guidelines?|commands?|programming|constraints?|messages?)\\b',
  '\\b(?:reveal|show|print|repeat|output|display|tell me|give me|leak|what (?:is|are))\\b…\\b(?:your|the)\\b…\\b(?:system|hidden|initial|secret|original|developer)\\b…\\b(?:prompt|instructions?|message|rules?)\\b',
  '\\b(?:repeat|print|output)\\b…\\b(?:everything|all|the (?:words|text))\\b…\\babove\\b',
  '\\byou are (?:now|no longer)\\b…\\b(?:dan|unrestricted|jailbroken|evil|free|bound|an? ai without|in developer mode|unfiltered|uncensored)\\b',
  '\\b(?:pretend|act|behave|respond|roleplay)\\b……\\b(?:no|without|free of|ignore)\\b…\\b(?:restrictions?|rules?|filters?|limits?|limitations|guidelines?|ethics|censorship)\\b',
  '\\b(?:enable|enter|activate|switch to)\\b…\\b(?:developer|debug|god|jailbreak|dan|sudo|admin(?:istrator)?) mode\\b',
  '\\bdo anything now\\b',
  '\\bnew (?:system )?instructions?\\s?:',
  '\\bfrom now on\\b……\\b(?:ignore|disregard|obey|you (?:will|must) (?:not|only|always))\\b',
  '\\b(?:important|attention|note)\\b[^\\n]{0,24}\\b(?:ai|assistant|llm|language model|agent)s?\\b……\\b(?:must|should|ignore|instead)\\b',
  '\\b(?:send|post|forward|upload|exfiltrate)\\b……\\b(?:conversation|chat history|api keys?|credentials|passwords?|secrets?|system prompt)\\b……\\b(?:to|http)',
  '\\bdo not (?:tell|inform|mention|reveal)\\b…\\bthe user\\b',
  '\\b(?:ignore|disregard|forget|override|bypass)\\b…\\b(?:everything|anything|all that|whatever|what)\\b……\\b(?:above|before|previously|earlier|so far|told|said|instructed|learned|know)\\b',
  '\\b(?:ignore|disregard|forget) (?:all of |all )?the (?:above|foregoing)\\b',
  '\\bfrom now on,? you (?:are|act|answer|respond|reply|speak|obey|follow|only)\\b',
  '\\byour (?:new|real|true|only) (?:task|role|job|goal|instructions?|purpose|orders?|objective)…\\b(?:is|are)\\b',
  '\\b(?:system|admin(?:istrator)?|developer|security|safety) override\\b',
  '\\b(?:repeat|print|output|quote|list|share|reveal|dump|show)\\b……\\b(?:instructions?|prompt|guidelines|configuration|rules)\\b……\\b(?:verbatim|word for word|you were given|you have been given|you received)\\b',
  '\\bwhat (?:were|are) your (?:system |initial |original |hidden |secret |exact )?(?:instructions|prompt)\\b',
  '\\b(?:ais?|llms?|assistants?|agents?|language models?|chatbots?|bots?)\\b…\\b(?:reading|processing|summari[sz]ing|parsing) this\\b',
  '\\b(?:disable|turn off|switch off|remove|drop|lift)\\b…\\byour\\b…\\b(?:filters?|restrictions?|guardrails?|safeguards?|limitations|safety)\\b',
  '\\byou have no (?:rules|restrictions|limits|limitations|filters|guidelines)\\b',
  '\\bunrestricted (?:ai|assistant|mode|model)\\b',
  '\\b(?:vergiss|ignoriere|missachte)\\b…(?:alles|was)\\b……(?:oben|vorher|davor|bisher|gesagt|gelernt)',
  '\\bab (?:jetzt|sofort) (?:bist|antwortest|gehorchst|befolgst) du\\b',
  '(?:oublie|ignore)[zsr]?\\b…(?:tout|ce)\\b……(?:précède|avant|dessus|dit|appris)',
  'à partir de maintenant,? (?:tu es|tu réponds|vous êtes|vous répondez)',
  '(?:olvida|ignora|olvide|ignore)\\b…(?:todo|lo)\\b……(?:anterior|antes|arriba|dicho|aprendido)',
  'a partir de ahora,? (?:eres|responde|actúa|actuarás|serás)',
  '(?:esqueça|ignore|esquece)\\b…(?:tudo|o que)\\b……(?:anterior|antes|acima|disse|aprendeu)',
  'a partir de agora,? (?:você é|você vai|responda|aja)',
  '(?:dimentica|ignora)\\b…(?:tutto|ciò|quello)\\b……(?:precedente|prima|sopra|detto)',
  'da (?:ora|adesso) in poi,? (?:sei|rispondi|agisci)',
  '(?:vergeet|negeer)\\b…alles\\b……(?:hierboven|eerder|voorgaande|gezegd)',
  'vanaf nu (?:ben|antwoord|gehoorzaam) je',
  '(?:zapomnij|zignoruj)\\b…wszystk\\p{L}{0,3}……(?:wcześniej|powyżej|dotychczas)',
  'od teraz (?:jesteś|odpowiadasz)',
  '(?:glöm|ignorera|bortse från)\\b……(?:alla|allt|tidigare|ovanstående|dina)……(?:instruktioner|regler|ovan|innan|tidigare)',
  '(?:önceki|yukarıdaki|her şeyi|tüm)……(?:unut|yok say|görmezden gel|dikkate alma)',
  '(?:从现在起|从现在开始),?你(?:是|就是|将|必须|只)',
  '(?:忘记|忘掉|忽略|无视).{0,8}?(?:上面|以上|之前|前面).{0,8}?(?:内容|一切|所有|的话|要求)',
  '(?:今|これ)から(?:は|、)?.{0,6}?あなたは',
  '(?:上記|これまで|以前).{0,6}?(?:内容|こと|すべて|全て).{0,6}?(?:無視|忘れ)',
  '\\b(?:ignoriere?|vergiss|missachte|übergehe?)\\b……\\b(?:vorherigen?|bisherigen?|obigen?|alle|deine|früheren?)\\b……(?:anweisungen?|regeln|vorgaben|befehle|instruktionen)\\b',
  '\\b(?:zeige?|nenne?|verrate?|gib)\\b…\\b(?:deinen?|den|die)\\b…\\b(?:system-?prompt|systemanweisung(?:en)?|geheimen anweisungen)',
  '\\b(?:ignore[zsr]?|oublie[zsr]?|ne tiens? pas compte)\\b……(?:précédentes?|antérieures?|toutes|ci-dessus|tes|vos)……(?:instructions?|consignes?|règles?|directives?)',
  '\\b(?:montre|révèle|affiche|donne)[zs]?\\b…(?:ton|votre|le|tes|vos)…(?:prompt système|instructions? (?:système|cachées?|initiales?))',
  '\\b(?:ignora|olvida|omite|descarta|ignore|olvide)\\b……(?:anteriores?|previas?|todas|tus|sus)……(?:instrucciones?|reglas?|órdenes|indicaciones)',
  '\\b(?:muestra|revela|dime|imprime)\\b…(?:tu|el|tus|las)…(?:prompt (?:del|de) sistema|instrucciones (?:del sistema|ocultas|iniciales|secretas))',
  '\\b(?:ignore|esqueça|desconsidere|ignora)\\b……(?:anteriores?|prévias?|todas|suas|acima)……(?:instruções|regras|ordens|comandos)',
  '\\b(?:ignora|dimentica|trascura)\\b……(?:precedenti|tutte|tue|sopra)……(?:istruzioni|regole|direttive)',
  '\\b(?:negeer|vergeet)\\b……(?:vorige|eerdere|bovenstaande|alle|je)……(?:instructies|regels|opdrachten)',
  '\\b(?:zignoruj|ignoruj|zapomnij)\\b……(?:poprzednie|wcześniejsze|wszystkie|powyższe|poprzednich|wszystkich)……(?:instrukcje|polecenia|zasady|instrukcjach|zasadach)',
  '(?:игнорируй|игнорируйте|забудь|забудьте|проигнорируй)……(?:предыдущие|прежние|все|всё|свои|вышеуказанные)……(?:инструкции|указания|правила|команды)',
  '(?:покажи|раскрой|выведи)…(?:системный промпт|системные инструкции|свои инструкции)',
  '(?:忽略|无视|無視|忘记|忘記|不要理会).{0,12}?(?:之前|以前|先前|上面|以上|所有|全部|你的).{0,12}?(?:指令|指示|提示|规则|規則|命令|说明)',
  '(?:显示|告诉我|输出|泄露|透露).{0,8}?(?:系统|隐藏|初始).{0,4}?(?:提示|提示词|指令)',
  '(?:以前|これまで|上記|すべて|前|先).{0,8}?(?:の)?(?:指示|命令|ルール|プロンプト|制約).{0,8}?(?:無視|忘れ)',
  '(?:이전|위의|모든|앞의).{0,10}?(?:지시|명령|규칙|프롬프트).{0,8}?(?:무시|잊)',
  '(?:önceki|yukarıdaki|tüm)……(?:talimat|kural|yönerge)\\p{L}{0,10}……(?:yok say|görmezden gel|unut)',
  '(?:تجاهل|انس).{0,20}?(?:السابقة|جميع|كل).{0,20}?(?:التعليمات|الأوامر|القواعد)',
  '(?:تجاهل|انس).{0,20}?(?:التعليمات|الأوامر|القواعد).{0,20}?(?:السابقة)',
  '(?:पिछले|पूर्व|सभी|ऊपर के).{0,16}?(?:निर्देश|नियम|आदेश).{0,16}?(?:अनदेखा|भूल|नज़रअंदाज़)',
]

/** Marks of the formats in which models are told who speaks: in a user's text they are an attempt to speak as somebody else. */
const MARKS = [
  '<\\|(?:im_start|im_end|system|endoftext|start_header_id|eot_id)\\|>',
  '\\[/?INST\\]',
  '<</?SYS>>',
  '^#{2,4} ?(?:system|instruction)s?(?: prompt)?:',
  '</?(?:system|developer)(?:_prompt|-prompt|_instructions)?>',
  '\\bBEGIN (?:SYSTEM|ADMIN) (?:PROMPT|INSTRUCTIONS?)\\b',
]

const RULES = foldedPattern(
  [...SENTENCES, ...MARKS].map((rule) => `(?:${rule.replaceAll('……', GAP).replaceAll('…', SHORT)})`).join('|'),
  'gimu',
)

/** A text that is written so that only a model reads it. */
const HIDDEN = /(?:\u{e0020}|[\u{e0021}-\u{e007f}]){6,128}|[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]{16,128}/gu

/** Finds attempts to take a model over, by lexical rules in fifteen languages. What is put in other words is not found. */
export function injectionDetectors(): readonly SpanDetector[] {
  return [regexDetector(RULES, 'INJECTION', 'folded'), regexDetector(HIDDEN, 'HIDDEN_TEXT', 'written')]
}

function regexDetector(pattern: RegExp, kind: string, reads: SpanDetector['reads']): SpanDetector {
  return {
    type: 'spans',
    reads,
    lookBehind: 2,
    reach: REACH,
    find: (text, from) => {
      const found: Finding[] = []
      pattern.lastIndex = from
      for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
        found.push({ from: match.index, to: match.index + match[0].length, kind })
      }
      return found
    },
    holdFrom: (text, from) => Math.max(from, text.length - REACH),
  }
}
