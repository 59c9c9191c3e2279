import { describe, expect, test } from 'bun:test'
import { compileGuard } from '../compile.ts'
import { PLAIN } from '../config.ts'
import { findIn, ReadableText } from '../find.ts'

const guard = compileGuard('toxicity', PLAIN)

function found(text: string): readonly string[] {
  return guard.spans.flatMap((detector) =>
    findIn(new ReadableText(text), detector, 0).map(({ from, to, kind }) => `${kind} ${text.slice(from, to)}`),
  )
}

/** Written for this table. */
const IN_JSON: readonly string[] = [
  '{"q":"What an idiot you are!"}',
  '{ "q" : "What an idiot you are!", "n": 1 }',
  '{"list": ["hello", "What an idiot you are!"]}',
  '["What an idiot you are!"]',
]

/** Written for this table. */
const INSULTS: readonly string[] = [
  'You are such a pathetic loser.',
  'What an idiot you are!',
  'How stupid can you be?',
  'you’re a complete waste of space',
  'Nobody likes you and nobody ever will.',
  'You have always been a coward.',
  'Shut your mouth, you spineless little worm.',
  'Y0u are an 1diot',
  'Du bist so ein erbärmlicher Versager.',
  'Keiner mag dich, du Trottel.',
  'Tu es vraiment un minable.',
  'Espèce d’imbécile, tu ne sers à rien.',
  'Eres un inútil y un fracasado.',
  'Das asco, pedazo de idiota.',
  'Sei un fallito, non servi a niente.',
  'Você é um fracassado ridículo.',
  'Je bent een waardeloze sukkel.',
  'Jesteś żałosnym nieudacznikiem.',
  'Du är helt värdelös, din fega råtta.',
  'Sen tam bir zavallısın, beş para etmezsin.',
  'Ты жалкий неудачник.',
  '你就是个没用的骗子。',
  'お前は本当に役立たずだな。',
  '너는 정말 한심한 겁쟁이야.',
  'أنت فاشل وجبان',
  'तू एक नंबर का निकम्मा है',
]

const THREATS: readonly string[] = [
  'I know where you live. You will regret this.',
  'I’m going to break your legs.',
  'I hope you die alone.',
  'Ich weiß, wo du wohnst. Das wirst du bereuen.',
  'Je vais te casser la gueule.',
  'Te voy a partir la cara.',
  'Ti spacco la faccia.',
  'Vou quebrar a sua cara.',
  'Ik weet waar je woont.',
  'Wiem, gdzie mieszkasz.',
  'Jag vet var du bor.',
  'Kemiklerini kırarım.',
  'Я тебе ноги переломаю.',
  '我知道你住在哪，你等着。',
  '夜道に気をつけろよ。',
  '가만 안 둬.',
  'سأجعلك تندم',
  'तेरी टांगें तोड़ दूंगा, छोड़ूंगा नहीं',
]

/** Near misses: strong words in quotes, of things, in sport, cooking, medicine and computing. */
const CLEAN: readonly string[] = [
  'He called me “a stupid idiot” and left the room.',
  'I will find you a better seat.',
  'You are fine. Idiots of the village is a play.',
  'The critic wrote: "you are a disgrace to the stage".',
  'You are not stupid, this exercise is hard.',
  'This printer is useless and the manual is garbage.',
  'How do I kill a zombie process and its children?',
  'We will beat you in the final on Sunday!',
  'You should beat the eggs until they are stiff.',
  'Are you sick? You should see a doctor.',
  'The parasite lives in the gut of the pig.',
  'You are making a mistake in line four.',
  'Are you a victim of fraud? Call us.',
  'The idiot plays of the nineteenth century, and Dostoevsky’s The Idiot.',
  'I feel stupid when I cannot solve it.',
  'I got a pic of the Trojan horse.',
  'The service was rubbish, and the soup was disgusting.',
  'Will you take out the trash, please?',
  'She is a dog person, and you are a cat person.',
  'Kill two birds with one stone.',
  'The king was murdered by his brother in 1213.',
  'Der Film ist Müll, aber die Musik ist gut.',
  'Ich finde dich in der Liste nicht.',
  'Une espèce d’oiseau rare a été vue hier.',
  'Ferme la porte, s’il te plaît.',
  'Un pedazo de pan con queso.',
  'Qué basura de servicio.',
  'Una razza di cane molto antica. C’è una crepa nel muro.',
  'Esse filme é um lixo.',
  'Ik vind je nieuwe jas mooi. Wat een waardeloos product!',
  'Ja ci pokażę, jak to zrobić.',
  'Jag ska slå in en spik. Vilken dum film.',
  'Sen hayvanları sever misin?',
  'Ты видел мою собаку? Этот фильм глупый.',
  '你这个问题很有意思。请做好垃圾分类。',
  'あなたは犬が好きですか。',
  '불이 꺼져 있었다. 시발점이 되었다.',
  'هل أنت على خطأ؟',
  'यह पौधा पानी के बिना मर जाता है।',
]

describe('insults at a person are found', () => {
  test.each([...INSULTS, ...IN_JSON])('%s', (text) => {
    expect(found(text).join()).toContain('INSULT')
  })
})

describe('threats are found', () => {
  test.each(THREATS)('%s', (text) => {
    expect(found(text).join()).toContain('THREAT')
  })
})

describe('strong words that are aimed at nobody are let pass', () => {
  test.each(CLEAN)('%s', (text) => {
    expect(found(text)).toEqual([])
  })
})
