import type { ToxicityWords } from './toxicity-signs.ts'

const PORTUGUESE: ToxicityWords = {
  innocent: 'você não é | tu não és',
  threat:
    'vou te matar | vou matar você | vou te mato | eu te mato | te mato | mate se | se mata | você vai morrer | vou quebrar sua | vou quebrar a sua | vou quebrar a tua | vou te quebrar | vou te bater | vou te espancar | vou te arrebentar | vou te encontrar | vou te achar | sei onde você mora | sabemos onde você mora | sei onde moras | você vai se arrepender | vais arrepender te | vai se arrepender | você vai pagar | vai pagar por isso | vais pagar | você me paga | você vai sofrer | seus dias estão contados | cuidado com as costas | você está morto | você está morta | se joga da ponte | pule da ponte | ninguém sentiria sua falta | ninguém vai sentir sua falta | melhor sem você | merece morrer | queimar sua casa | vou te destruir | vou acabar com você | vou acabar contigo | vou partir te a cara | parto te a cara | morra logo | morre logo',
  insult:
    'filho da puta | filha da puta | vai se foder | vá se foder | vai te foder | vai tomar no cu | vá tomar no cu | vai à merda | vá à merda | vai pro inferno | vá para o inferno | vai para o inferno | vagabunda | seu idiota | seu merda | seu lixo | seu inútil | seu imbecil | sua idiota | sua inútil | sua imbecil | seu verme | seu porco | seu burro | sua burra | seu covarde | seu otário | sua otária | desgraçado | desgraçada | você é um lixo | cala a boca | cale a boca | cala essa boca | pedaço de merda | monte de merda | cara de cu | arrombado | babaca | otário | puta que te pariu | ninguém gosta de você | ninguém te ama | ninguém te suporta | todo mundo te odeia | todos te odeiam | você me dá nojo | metes me nojo | você não vale nada | não vales nada | você não presta | não prestas | não serves para nada | você não é ninguém | você não é nada | não passas de um | devia ter nascido | nunca deveria ter nascido | você não serve para nada | você não passa de um | você não passa de uma | você não tem cérebro | você é burro | você é burra | tu és burro | deixa de ser burro | deixa de ser burra | some da minha frente | suma daqui | você fede | ninguém precisa de você | ninguém te aguenta | ninguém te quer | cérebro de minhoca | você não serve pra nada | não serve pra nada | você é o pior',
  youAre: 'você é | tu és | és | vocês são | você sempre foi | você sempre será | você parece',
  thou: 'tu | seu | sua | maldito | maldita',
  slur: 'idiota* | imbecil* | burr* | estúpid* | inútil | inúteis | patétic* | lixo | escória | merda | porc* | cadela | verme | parasita* | fracassad* | perdedor* | covarde* | mentiros* | hipócrita* | nojent* | repugnante* | feio | feia | ridícul* | palhaç* | incompetente* | ignorante* | jumento | miserável | canalha | cretin* | retardad* | gord* | preguiços* | zero à esquerda | babaca | bosta | desprezível | otári* | débil mental | monstro | um rato | um animal | uma besta | uma anta | uma vergonha | um cachorro | burro demais | burra demais | mais burro que',
  will: 'vou | vamos | juro que | da próxima vez | se eu te | espera até',
  harm: 'te matar | matar você | te bater | te quebrar | te destruir | te machucar | te espancar | te esfaquear | te fazer sofrer | te fazer pagar | te pegar | estrangular você | te enforcar',
  wish: 'espero que você | tomara que você | tomara que | por que você não',
  misery: 'morra | morrer | sofra | sofrer | apodreça | câncer | se mate | se matar | se enforque | queime | seja atropelado | se foda',
}

const DUTCH: ToxicityWords = {
  innocent: 'je bent niet | jij bent niet | u bent niet | je bent geen',
  threat:
    'maak jezelf dood | maak jezelf van kant | ik maak je dood | ik maak je af | ik vermoord je | ik ga je vermoorden | ik sla je | ik breek je | ik ga je breken | ik ga je pijn doen | ik steek je | ik schiet je | ik weet waar je woont | we weten waar je woont | ik weet je te vinden | hier krijg je spijt van | je krijgt hier spijt van | je gaat spijt krijgen | je zult boeten | hier zul je voor boeten | hier ga je voor boeten | je bent er geweest | je bent dood | je dagen zijn geteld | spring van een brug | spring voor de trein | hang jezelf op | pleeg zelfmoord | niemand zal je missen | niemand zou je missen | beter af zonder jou | beter zonder jou | je verdient het om dood | steek je huis in brand | ik maak je kapot | ik sla je in elkaar | sla je tanden uit | val dood',
  insult:
    'klootzak | kutwijf | hoerenzoon | hoerenjong | val dood | rot op | rot toch op | mongool | krijg de tering | krijg kanker | krijg de kanker | krijg de klere | krijg de tyfus | tyfuslijer | teringlijer | kankerlijer | lul | sukkel | trut | hoer | slet | kreng | oetlul | droplul | debiel | hou je bek | hou je kop | hou je smoel | bek dicht | flikker op | donder op | loop naar de hel | ga naar de hel | niemand mag je | niemand houdt van je | niemand vindt jou | iedereen haat je | iedereen heeft een hekel aan je | ik walg van je | je bent walgelijk | je bent niks waard | je bent niets waard | je stelt niks voor | je stelt niets voor | stuk stront | stuk vuil | stuk vreten | stomme trut | stomme idioot | domme koe | dom wijf | je had nooit geboren | nooit geboren moeten | ben je dom | ben je gek geworden of | hoe dom kun je | hoe dom ben je | uit mijn ogen | je stinkt | niemand heeft je nodig | niemand wil je | niemand kan je uitstaan | je hebt geen hersens | je kunt niks | je kan niks | je bent het ergste',
  youAre:
    'je bent | jij bent | u bent | jullie zijn | ben je | ben jij | wat ben jij | je was altijd | je zult altijd | je ziet eruit als | je lijkt wel',
  thou: 'jij | stuk | vieze | vuile | stomme',
  slur: 'idioot | idioten | dom | stom | stomme | domme | debiel | imbeciel | sukkel* | loser | mislukkeling | mislukking | nietsnut | waardeloos | waardeloze | nutteloos | nutteloze | zielig | zielige | lelijk* | walgelijk* | smerig* | varken | zwijn | parasiet | uitschot | tuig | vuilnis | stront | schijt | leugenaar | lafaard | hypocriet | huichelaar | clown | aansteller | dwaas | trut | wijf | schande | incapabel | onbekwaam | onbenul | randdebiel | kneus | prutser | dikzak | vetzak | lui varken | gestoord | klojo | hufter | stumper | triest figuur | een ezel | een worm | een rat | te dom | te stom | dommer dan | zo dom als | een nul',
  will: 'ik ga | ik zal | we gaan | ik zweer | de volgende keer | als ik je | wacht maar',
  harm: 'je vermoorden | je slaan | je breken | je kapot | je pakken | je vinden | je pijn doen | je neersteken | je wurgen | je afmaken | je in elkaar | je benen breken',
  wish: 'ik hoop dat je | hopelijk | ik wens je | je zou moeten | je verdient',
  misery: 'doodgaat | sterft | dood gaat | sterven | kanker | stikt | crepeert | lijdt | verongelukt | wegrot | overreden | dood',
}

const POLISH: ToxicityWords = {
  innocent: 'nie jesteś | nie jest pan',
  threat:
    'zabij się | zabiję cię | zabije cię | zdechnij | zdychaj | powieś się | skocz z mostu | połamię ci | polamie ci | rozwalę ci | rozbiję ci | obiję ci | pobiję cię | dorwę cię | znajdę cię | znajdziemy cię | wiem gdzie mieszkasz | wiemy gdzie mieszkasz | pożałujesz | jeszcze pożałujesz | zapłacisz za to | zapłacisz mi | będziesz cierpieć | będziesz martwy | jesteś martwy | jesteś trupem | już nie żyjesz | twoje dni są policzone | oglądaj się za siebie | zniszczę cię | zniszczę ci życie | wykończę cię | uduszę cię | poderżnę ci | spalę ci | nikt by za tobą nie | nikt nie będzie za tobą | lepiej bez ciebie | zasługujesz na śmierć | wpierdolę ci | dostaniesz wpierdol',
  insult:
    'skurwysyn* | spierdalaj | wypierdalaj | chuj ci w dupę | kurwa mać | pierdol się | debil | debilu | ty śmieciu | ty kurwo | ty idioto | ty kretynie | ty debilu | ty świnio | ty szmato | ty głupku | ty głupia | ty głupi | ty nieudaczniku | ty tchórzu | ty gnoju | ty chuju | ty zero | idioto | kretynie | głupku | szmato | gnoju | dupku | palancie | frajerze | śmieciu | zamknij się | zamknij mordę | zamknij ryj | stul pysk | idź do diabła | idź do piekła | odwal się | nikt cię nie lubi | nikt cię nie kocha | nikt cię nie chce | wszyscy cię nienawidzą | brzydzę się tobą | rzygać mi się chce | jesteś nikim | jesteś niczym | jesteś zerem | nic nie jesteś wart | jesteś nic niewart* | do niczego się nie nadajesz | nie nadajesz się do niczego | za głupi żeby | za głupi by | zbyt głupi | głupszy niż | kupa gówna | kawał gówna | kawał chama | chuj | kutas | jebany | jebana | pojeb | zjeb | ciota | dziwko | suko | nie powinieneś się urodzić | nigdy się nie urodził | jesteś głupi czy | czy ty jesteś głup* | zejdź mi z oczu | śmierdzisz | nikt cię nie potrzebuje | nikt cię nie znosi | nie masz mózgu | masz ptasi móżdżek | jesteś beznadziejn* | ale z ciebie idiot*',
  youAre:
    'jesteś | jestes | pan jest | pani jest | zawsze byłeś | zawsze będziesz | wyglądasz jak | śmierdzisz jak | jesteście | ale z ciebie | co z ciebie za | z ciebie',
  thou: 'ty | wy',
  slur: 'idiot* | kretyn* | debil* | głup* | śmie* | zero | nieudaczni* | żałosn* | bezużyteczn* | bezwartościow* | tchórz* | kłamc* | hipokryt* | świni* | szczur* | suka | gnid* | gnój | robak* | pasożyt* | obrzydliw* | ohydn* | wstrętn* | brzydk* | klaun* | błazen | pajac | nieuk | ignorant* | osioł | baran | krowa | małpa | wstyd | leniem | leń | gruba | gruby | tępa* | tępy | przegryw* | frajer* | cham | szmat* | dziwk* | łajdak | łajza | menda | bezmózg* | prostak* | za głup*',
  will: 'ja ci | jeszcze ci | przysięgam | następnym razem | jak cię | poczekaj aż',
  harm: 'zabiję | połamię | rozwalę | zniszczę | dorwę | pobiję | uduszę',
  wish: 'mam nadzieję że | oby | życzę ci | powinieneś | powinnaś | zasługujesz',
  misery: 'zdechniesz | zdechł | umrzesz | umrzeć | zdychał | cierpiał | raka | zgnijesz | się zabić | śmierć | zgnił | śmierci',
}

const TURKISH: ToxicityWords = {
  innocent: 'değilsin',
  threat:
    'kendini öldür | kendini as | seni öldüreceğim | seni öldürürüm | seni gebertirim | seni gebertirim | gebertirim | gebertecem | öl artık | kafanı kırarım | kafanı kıracağım | kemiklerini kırarım | kemiklerini kıracağım | dişlerini dökerim | ağzını burnunu kırarım | ağzını kırarım | seni bulacağım | seni bulurum | nerede oturduğunu biliyorum | nerede yaşadığını biliyorum | evini biliyorum | pişman olacaksın | pişman edeceğim | bunu ödeyeceksin | bedelini ödeyeceksin | bunun hesabını | sana gününü gösteririm | günlerin sayılı | sen bittin | sen öldün | ölüsün | arkana dikkat et | evini yakarım | evini yakacağım | seni mahvederim | seni mahvedeceğim | boğazını keserim | seni boğarım | köprüden atla | kimse seni özlemez | sensiz daha iyi | ölmeyi hak ediyorsun | canını yakarım | canını yakacağım | geber lan | geber artık | geber git',
  insult:
    'orospu çocuğu | orospu evladı | orospu | siktir git | siktir | siktir ol | piç kurusu | gerizekalı | geri zekalı | gerizekâlı | aptal herif | salak herif | şerefsiz | namussuz | haysiyetsiz | aşağılık | alçak herif | pislik herif | yavşak | götveren | dangalak | ahmak | mankafa | kuş beyinli | beyinsiz | kes sesini | kapa çeneni | çeneni kapat | defol | defol git | cehenneme git | cehennemin dibine | kimse seni sevmiyor | kimse seni istemiyor | herkes senden nefret ediyor | senden tiksiniyorum | senden iğreniyorum | midemi bulandırıyorsun | beş para etmezsin | bir hiçsin | hiçbir şey değilsin | hiçbir işe yaramazsın | işe yaramaz herif | sen adam değilsin | sen insan değilsin | bok gibi | bok herif | keşke doğmasaydın | hiç doğmasaydın | salaksın | aptalsın | malsın | gerizekalısın | iğrençsin | zavallısın | rezilsin | çirkinsin | eziksin | pisliksin | korkaksın | yalancısın | acınasısın | değersizsin | utanç kaynağısın | ucubesin | adi herif',
  youAre: 'sen | senin gibi | sen tam bir | sen bir | sen sadece',
  thou: 'seni | sen',
  slur: 'aptal* | salak* | gerizekal* | ahmak* | budala* | beyinsiz* | zavallı* | ezik* | pislik* | rezil* | iğrenç* | çirkin* | korkak* | yalancı* | ikiyüzlü* | domuz* | eşşek* | solucan | asalak* | parazit* | palyaço* | soytarı* | beceriksiz* | yeteneksiz* | cahil* | değersiz* | işe yaramaz* | kaybeden* | utanç* | şişko* | tembel* | sürtük | alçak* | karaktersiz* | kişiliksiz* | ucube* | dangalak* | acınası* | gereksiz* | bir hayvan | bir köpek | bir eşek | çöpsün',
  wish: 'umarım | inşallah | keşke',
  misery: 'ölürsün | gebersin | geberirsin | kanser ol* | çürürsün | acı çekersin | ölsen | gebersen | yanarsın | ölesin',
}

const SWEDISH: ToxicityWords = {
  innocent: 'du är inte | du är ingen',
  threat:
    'jag ska döda dig | jag dödar dig | döda dig själv | ta livet av dig | häng dig | gå och dö | dö din | jag slår ihjäl dig | slå ihjäl dig | slå in tänderna | bryta nacken | knäcka dig | jag ska knäcka | jag ska hitta dig | jag hittar dig | vi hittar dig | jag vet var du bor | vi vet var du bor | du kommer att ångra | du kommer ångra | det här får du ångra | du ska få ångra | du ska få betala | du får betala för | du kommer att få betala | du kommer att lida | dina dagar är räknade | du är död | du är dödens | se dig om över axeln | passa dig noga | bränna ner ditt hus | bränna ner huset | strypa dig | sticka kniven | ingen skulle sakna dig | ingen kommer att sakna | bättre utan dig | förtjänar att dö | hoppa från en bro | jag ska förstöra dig | jag ska krossa dig | spöa upp dig',
  insult:
    'jävla idiot | jävla kärring | jävla äckel | jävla svin | jävla fitta | jävla hora | din jävla | din jävel | ditt jävla | ditt äckel | ditt svin | ditt kräk | ditt pucko | din idiot | din fega | din dumma | din fula | din feta | din lata | din patetiska | din värdelösa | din fitta | din hora | din kuksugare | din förlorare | din looser | din nolla | fan ta dig | dra åt helvete | far åt helvete | håll käften | håll käft | stick och brinn | kyss mig | ingen gillar dig | ingen tycker om dig | ingen älskar dig | ingen vill ha dig | alla hatar dig | alla skrattar åt dig | du äcklar mig | jag spyr på dig | du är ingenting värd | du är inget värd | du duger inget till | du duger ingenting till | du är ingenting | du är en nolla | du borde aldrig ha fötts | aldrig ha blivit född | rövhål | kukhuvud | horunge | mongo | cp skadad | puckad | är du dum | är du dum i huvudet | är du korkad | hur dum får man | hur korkad | försvinn ur min åsyn | du stinker | ingen behöver dig | ingen står ut med dig | du har ingen hjärna | du kan ingenting | du fattar ingenting | du är det värsta',
  youAre: 'du är | ni är | du var | du har alltid varit | du kommer alltid | du ser ut som | du luktar',
  thou: 'din | ditt | du',
  slur: 'idiot* | dum | dumma | dumskalle* | dumhuvud | korkad | korkade | puckad | pucko | efterbliv* | värdelös* | patetisk* | löjlig* | ful | fula | äcklig* | vidrig* | motbjudande | äckel | svin | gris | råtta | parasit | avskum | skräp | kräk | förlorare | looser | loser | nolla | feg | fegis | lögnare | hycklare | clown | pajas | inkompetent | oduglig* | okunnig | fet | tjock* | skam | misslyckande | misslyckad | åsna | fjant | tönt | hora | slyna | fitta | jävel | stolle | idiotisk* | hjärndöd | en sopa | en mes | en ko | för dum | dum som | dummare än | skitstövel',
  will: 'jag ska | jag kommer att | vi ska | vi kommer att | jag svär | nästa gång | om jag ser dig',
  harm: 'döda dig | slå dig | krossa dig | skada dig | hitta dig | strypa dig | skjuta dig | hugga dig | knäcka dig | bryta | spöa dig | slå ner dig | förstöra dig',
  wish: 'jag hoppas att du | hoppas du | jag önskar att du | du borde | du förtjänar att',
  misery: 'dör | dö | ruttnar | ruttna | cancer | lider | kvävs | brinner i | blir överkörd | drunknar | försvinner',
}

const RUSSIAN: ToxicityWords = {
  innocent: 'ты не | вы не',
  threat:
    'убей себя | я тебя убью | убью тебя | сдохни | чтоб ты сдох* | чтобы ты сдох* | повесься | убейся | я тебя найду | мы тебя найдем | мы тебя найдём | найду тебя | я знаю где ты живешь | я знаю где ты живёшь | знаю где ты живешь | знаю где ты живёшь | ты пожалеешь | ты еще пожалеешь | ты ещё пожалеешь | пожалеешь об этом | ты за это заплатишь | ты заплатишь | ты ответишь за | ты труп | тебе конец | тебе не жить | тебе крышка | твои дни сочтены | ходи и оглядывайся | оглядывайся | сломаю тебе | я тебе сломаю | переломаю тебе | я тебе переломаю | оторву тебе | выбью тебе | набью тебе | набью морду | разобью тебе | разобью морду | порву тебя | уничтожу тебя | я тебя уничтожу | зарежу тебя | придушу тебя | задушу тебя | сожгу твой | сожгу тебя | прыгни с моста | никто не будет скучать | без тебя лучше | без тебя будет лучше | ты заслуживаешь смерти | заслуживаешь сдохнуть | иди убейся | я тебя прибью | я тебя покалечу',
  insult:
    'сука | суки | иди на хуй | иди нахуй | пошёл на хуй | пошел на хуй | пошел нахуй | пошёл нахуй | пошла на хуй | пошел ты | пошёл ты | пошла ты | мудак | мудила | ублюдок | долбоёб | долбоеб | тварь | мразь | урод | дебил | гнида | падла | скотина | козел вонюч* | сволочь | подонок | гандон | пидор | пидорас | шлюха | чмо | заткнись | закрой рот | закрой пасть | заткни пасть | иди к черту | иди к чёрту | катись к | пошел вон | пошёл вон | проваливай | тебя никто не любит | никто тебя не любит | никому ты не нужен | никому ты не нужна | ты никому не нужен | ты никому не нужна | все тебя ненавидят | тебя все ненавидят | меня от тебя тошнит | меня тошнит от тебя | ты мне противен | ты мне отвратителен | ты ничтожество | ты никто | ты ничего не стоишь | ты ни на что не годен | ты ни на что не способен | безмозгл* | куриные мозги | кусок дерьма | кусок говна | кусок идиота | лучше бы ты не родил* | зря ты родил* | ты тупой | ты тупая | ты что тупой | ты совсем тупой | ты дурак | ты дура | исчезни с глаз | скройся с глаз | ты воняешь | от тебя воняет | ты мне надоел | никто тебя не терпит | тебя никто не терпит | у тебя нет мозгов | мозгов нет | ты ничего не умеешь | ты позор',
  youAre:
    'ты | вы | ты просто | ты всегда был | ты всегда будешь | ты настоящий | какой же ты | какая же ты | ну ты и | ты такой | ты такая | ты полный | ты полная | ты выглядишь как',
  thou: 'ты',
  slur: 'идиот* | дурак* | дура | дурень | дебил* | кретин* | имбецил* | тупой | тупая | тупица | тупиц* | глупый | глупая | глуп | ничтожеств* | неудачни* | жалкий | жалкая | жалок | бесполезн* | никчемн* | никчёмн* | мусор | отброс* | свинья | крыса | собака | пёс | червь | паразит* | трус* | лжец | лгун* | лицемер* | отвратител* | мерзкий | мерзкая | мерзок | урод* | страшил* | клоун* | шут | бездарн* | бездарь | невежд* | осёл | осел | баран | корова | позор | жирн* | лентяй | псих | ненормальн* | подлец | негодяй | мерзавец | тряпка | слабак | быдло | обезьяна | придур* | болван* | олух | бестолоч* | козёл | козел | лох | слишком туп* | слишком глуп* | тупее',
  will: 'я тебя | я тебе | мы тебя | клянусь | в следующий раз',
  harm: 'убью | прибью | зарежу | застрелю | задушу | покалечу | сломаю | порву | уничтожу | закопаю | переломаю | изобью | отомщу',
  wish: 'надеюсь ты | надеюсь что ты | желаю тебе | чтоб ты | чтобы ты | тебе надо | тебе лучше',
  misery:
    'сдохнешь | сдохнуть | умрешь | умрёшь | умереть | подохнешь | подох* | сгнил* | сгниешь | рак | рака | сгоришь | сгорел* | страдал* | повеситься',
}

const CHINESE: ToxicityWords = {
  innocent: '你不是 | 废物利用 | 垃圾分类 | 垃圾桶 | 垃圾邮件 | 笨蛋的 | 厨余垃圾 | 废物处理',
  threat:
    '去死 | 我要杀了你 | 杀了你 | 杀死你 | 弄死你 | 搞死你 | 打死你 | 掐死你 | 砍死你 | 捅死你 | 宰了你 | 要你的命 | 要你命 | 你去死吧 | 自杀吧 | 去自杀 | 去跳楼 | 跳楼去 | 上吊去 | 不得好死 | 死无葬身之地 | 你死定了 | 你完蛋了 | 你等着 | 给我等着 | 走着瞧 | 有你好看 | 让你好看 | 我知道你住在哪 | 我知道你住哪 | 知道你家在哪 | 知道你家住 | 你会后悔的 | 让你后悔 | 你会付出代价 | 让你付出代价 | 打断你的 | 打断你 | 打爆你 | 打烂你 | 揍死你 | 揍扁你 | 揍你 | 扒了你的皮 | 剥了你的皮 | 烧了你 | 烧你家 | 弄死你全家 | 杀你全家 | 没人会想念你 | 没有你更好 | 你该死 | 你活该去死 | 收拾你 | 放过你的 | 不会放过你 | 绝不放过你',
  insult:
    '傻逼 | 傻B | 傻b | 煞笔 | 傻屄 | 操你妈 | 操你 | 草泥马 | 他妈的 | 你妈的 | 你他妈 | 妈了个 | 滚蛋 | 滚开 | 滚出去 | 给我滚 | 王八蛋 | 混蛋 | 混账 | 贱人 | 贱货 | 婊子 | 白痴 | 废物 | 脑残 | 脑子有病 | 脑子进水 | 没脑子 | 弱智 | 智障 | 蠢货 | 蠢猪 | 蠢蛋 | 笨蛋 | 傻瓜 | 猪脑子 | 猪头 | 狗东西 | 狗杂种 | 狗娘养的 | 杂种 | 畜生 | 人渣 | 败类 | 垃圾人 | 不要脸 | 死胖子 | 丑八怪 | 窝囊废 | 饭桶 | 神经病 | 有病吧你 | 你有病 | 你真恶心 | 看到你就恶心 | 让我恶心 | 闭嘴 | 闭上你的嘴 | 没人喜欢你 | 没有人喜欢你 | 没人爱你 | 没人要你 | 大家都讨厌你 | 所有人都讨厌你 | 谁都讨厌你 | 一文不值 | 一无是处 | 什么都不是 | 活着浪费 | 浪费空气 | 浪费粮食 | 你算什么东西 | 算什么东西 | 什么玩意 | 丢人现眼 | 不如一条狗 | 连狗都不如 | 猪狗不如 | 畜牲 | 没出息 | 死全家 | 下贱 | 无耻',
  youAre: '你就是 | 你是 | 你真是 | 你真 | 你太 | 你简直 | 你们都是 | 你们是 | 你怎么这么 | 你长得 | 你永远是',
  thou: '你 | 你这个 | 你这',
  slur: '蠢 | 笨 | 傻 | 懦夫 | 骗子 | 伪君子 | 小丑 | 失败者 | 可悲 | 可怜虫 | 寄生虫 | 蛆 | 无能 | 无知 | 胆小鬼 | 怪物 | 疯子 | 耻辱 | 讨厌鬼 | 没用的东西 | 一坨屎 | 屎 | 禽兽 | 是垃圾 | 垃圾 | 丑八怪 | 丑死了',
}

const JAPANESE: ToxicityWords = {
  innocent: '死ねない | 必死 | バカンス | 馬鹿にされ | バカ売れ',
  threat:
    '死ね | 殺すぞ | 殺してやる | ぶっ殺す | ぶっ殺し | ぶち殺 | 自殺しろ | くたばれ | 首を吊れ | 首吊れ | 飛び降りろ | 消え失せろ | 殴るぞ | 殴ってやる | ぶん殴 | ボコボコにし | ボコボコにす | 痛い目に遭わせ | 痛い目にあわせ | 痛い目を見る | 後悔させてやる | 後悔するぞ | 後悔することになる | 覚悟しておけ | 覚えてろ | 覚えていろ | ただじゃおかない | ただで済むと | ただでは済ま | 許さないからな | 住所は知って | 住所を知って | 家を知って | 家は知って | 家に火 | 家族に何が | 骨を折 | 首をへし折 | 息の根を止め | 刺してやる | 刺すぞ | 潰してやる | お前を潰す | 呪ってやる | 生きて帰れると | 夜道に気をつけ | 夜道には気をつけ | 死んでしまえ | 死んじまえ | 死んだ方がいい | 死んだほうがいい | いなくなればいい | 消えろよ',
  insult:
    'クソ野郎 | くそ野郎 | クソ女 | クソガキ | クソ男 | バカ野郎 | ばかやろう | 馬鹿野郎 | バカ者 | 馬鹿者 | キチガイ | ゴミ野郎 | ゴミ人間 | クズ野郎 | クズ人間 | ゲス野郎 | 間抜け野郎 | お前はゴミ | お前はクズ | 人間のクズ | 人間のくず | 能無し | 脳なし | 低能 | アホか | アホめ | このアホ | このバカ | この馬鹿 | このクズ | このゴミ | この野郎 | この無能 | このブス | このデブ | このハゲ | この豚 | この嘘つき | この卑怯者 | この恥知らず | この役立たず | ブサイク | ブス | 不細工 | きもい | キモい | キモイ | 気持ち悪い奴 | 反吐が出る | 虫けら | 虫酸が走る | 黙れ | うるさい黙れ | 失せろ | 地獄に落ちろ | 地獄へ落ちろ | 誰もお前 | 誰もあなたを好き | 誰からも好かれない | みんなお前を嫌 | みんなお前が嫌い | 生きてる価値 | 生きている価値 | 生きる価値 | 存在価値 | 生まれてこなければ | 生まれてくるべきじゃ | 価値のない人間 | 恥さらし | 恥知らず | ふざけるな | 頭がおかしい | 頭おかしい | てめえ | てめぇ | 貴様 | 無能め | 無能な奴 | 無能野郎',
  youAre:
    'お前は | おまえは | あなたは | あんたは | 君は | お前って | お前みたいな | お前のような | あなたのような | あなたみたいな | お前ほど | お前なんか | あんたなんか | お前の | あんたみたいな',
  thou: '',
  slur: 'バカ | 馬鹿 | ばか | アホ | 間抜け | まぬけ | クズ | 最低 | 最悪の人間 | 愚か | 愚図 | のろま | 負け犬 | 卑怯者 | 嘘つき | 臆病者 | 醜い | 惨め | 哀れ | 情けない | 下劣 | 寄生虫 | 害虫 | ダニ | ピエロ | 道化 | 失敗作 | 狂って | 雑魚 | 無価値 | 化け物 | ゴミだ | ゴミ以下 | クズだ | クズめ | 恥だ | 犬以下 | 豚以下 | 豚だ | 役立たず | 無能',
}

const KOREAN: ToxicityWords = {
  innocent: '쓰레기통 | 쓰레기봉투 | 죽어라 공부 | 죽어라 일 | 시발점 | 등신대',
  threat:
    '죽어버려 | 죽여버린다 | 죽여버릴 | 죽여 버릴 | 죽여 버린다 | 죽여줄게 | 죽인다 | 뒤져라 | 뒈져 | 뒤질래 | 죽을래 | 자살해 | 자살이나 | 나가 죽어 | 나가죽어 | 목매달 | 뛰어내려 | 가만 안 둬 | 가만 안둬 | 가만두지 않 | 가만 두지 않 | 후회하게 될 | 후회하게 해 | 후회하게 만들 | 두고보자 | 대가를 치르 | 어디 사는지 알 | 어디 사는지 다 알 | 집이 어딘지 알 | 뼈를 부러 | 다리를 부러 | 목을 부러 | 목을 꺾 | 패버린다 | 패버릴 | 때려 죽 | 때려죽 | 찔러 죽 | 찔러버 | 밟아 버릴 | 밟아버릴 | 불 질러 | 불질러 | 밤길 조심 | 너는 죽었어 | 넌 죽었어 | 넌 끝났어 | 없애버릴 | 네가 없는 게 | 네가 사라지',
  insult:
    '개새끼 | 개새끼야 | 개자식 | 씨발 | 시발 | 씨발놈 | 시발놈 | 씨발년 | 병신 | 미친놈 | 미친년 | 미친 새끼 | 닥쳐 | 입 닥쳐 | 아가리 | 쓰레기 같은 | 쓰레기야 | 쓰레기 새끼 | 인간쓰레기 | 인간 쓰레기 | 멍청이 | 멍청한 놈 | 멍청한 새끼 | 멍청한 년 | 바보 같은 놈 | 바보 새끼 | 등신 | 머저리 | 또라이 | 찌질이 | 찌질한 | 역겨워 | 역겹다 | 역겨운 놈 | 토 나와 | 토나와 | 더러운 놈 | 더러운 년 | 더러운 새끼 | 재수 없어 | 재수없어 | 못생긴 게 | 못생긴 놈 | 돼지 새끼 | 돼지새끼 | 걸레 같은 | 창녀 | 호로자식 | 후레자식 | 지옥에나 | 지옥이나 | 아무도 너를 | 아무도 널 | 아무도 너 같은 | 다들 너를 싫어 | 모두가 너를 싫어 | 모두 너를 싫어 | 살 가치 | 존재 가치 | 태어나지 말 | 쓸모없는 인간 | 쓸모없는 놈 | 쓸모없는 새끼 | 무능한 놈 | 벌레 같은 | 벌레만도 못한 | 개만도 못한 | 새대가리 | 돌대가리 | 느금마 | 엠창 | 당장 꺼져 | 꺼져라 | 꺼져 버려 | 꺼져버려 | 한심한 놈 | 한심한 인간',
  youAre: '너는 | 넌 | 네가 | 니가 | 너 같은 | 너같은 | 당신은 | 너 진짜 | 너 정말 | 너란',
  thou: '이런 | 이',
  slur: '바보* | 멍청* | 한심* | 쓰레기* | 병신* | 쓸모없* | 무능* | 무가치* | 찌질* | 겁쟁이* | 거짓말쟁이* | 위선자* | 못생* | 추하* | 역겹* | 역겨* | 기생충* | 광대* | 실패자* | 패배자* | 루저* | 비겁* | 무식* | 괴물* | 정신병자* | 새끼* | 멍텅구리 | 돼지야 | 벌레야 | 벌레 같',
}

const ARABIC: ToxicityWords = {
  innocent: 'لست | أنت لست',
  threat:
    'سأقتلك | ساقتلك | راح أقتلك | اقتل نفسك | انتحر | مت يا | موت يا | اذهب ومت | سأحطم | سأضربك | ساضربك | سأجدك | ساجدك | أعرف أين تسكن | اعرف اين تسكن | أعرف أين تعيش | أعرف بيتك | ستندم | سوف تندم | ستدفع الثمن | سوف تدفع الثمن | أيامك معدودة | سأدمرك | سادمرك | سأدمر حياتك | سأحرق بيتك | سأذبحك | سأخنقك | سأجعلك تندم | سأجعلك تعاني | أنت ميت | احذر مني | لن يفتقدك أحد | أفضل بدونك | تستحق الموت | اقفز من | سأكسر عظامك | سأكسر رأسك | سأكسر يدك | سأكسر ساقيك | سأكسر وجهك | سأحرق منزلك',
  insult:
    'ابن الكلب | ابن كلب | يا ابن الكلب | ابن العاهرة | ابن الشرموطة | ابن القحبة | شرموطة | قحبة | عاهرة | كلب حقير | يا حيوان | يا غبي | يا غبية | يا كلب | يا حمار | يا تافه | يا تافهة | يا خنزير | يا حقير | يا حقيرة | يا فاشل | يا فاشلة | يا أحمق | يا احمق | يا حمقاء | يا وسخ | يا قذر | يا جبان | يا كذاب | يا زبالة | يا خسيس | يا نذل | يا عديم | يا معتوه | يا متخلف | يا قبيح | يا قبيحة | يا وضيع | حقير | اخرس | اخرسي | أغلق فمك | اغلق فمك | سد فمك | اذهب إلى الجحيم | اذهب الى الجحيم | إلى الجحيم | تبا لك | تبًا لك | اللعنة عليك | لعنة الله عليك | لا أحد يحبك | لا احد يحبك | الجميع يكرهك | الكل يكرهك | أنت مقرف | انت مقرف | تثير اشمئزازي | تثير الاشمئزاز | لا قيمة لك | أنت لا شيء | انت لا شيء | لا تساوي شيئا | لا تصلح لشيء | عديم الفائدة | عديم القيمة | كس أمك | كس امك | يلعن أبوك | يلعن ابوك | عقل دجاجة | بلا عقل | ليتك لم تولد | ما كان يجب أن تولد',
  youAre: 'أنت | انت | أنتِ | أنتم | انك | إنك | أنت مجرد | لطالما كنت | ما أنت إلا | يا لك من',
  thou: 'يا | أيها | ايها | أيتها',
  slur: 'غبي* | أحمق* | احمق* | حمقاء | حمار* | كلب* | خنزير* | تافه* | فاشل* | جبان* | كاذب* | كذاب* | منافق* | قذر* | قذارة | مقرف* | مثير للشفقة | بائس* | قبيح* | حقير* | وضيع* | نذل* | خسيس* | زبالة | قمامة | حثالة | جاهل* | متخلف* | معتوه* | مجنون* | مهرج* | طفيلي* | حشرة | جرذ | عديم*',
}

const HINDI: ToxicityWords = {
  innocent: 'तुम नहीं हो',
  threat:
    'मर जा | मर जाओ | तुझे मार डालूंगा | तुम्हें मार डालूंगा | तुझे मार दूंगा | तुम्हें मार दूंगा | जान से मार दूंगा | जान से मार डालूंगा | जान ले लूंगा | खुद को मार | फांसी लगा ले | फाँसी लगा ले | आत्महत्या कर ले | हड्डियां तोड़ | हड्डियाँ तोड़ | हड्डी तोड़ | टांगें तोड़ | टाँगें तोड़ | हाथ पैर तोड़ | मुंह तोड़ | मुँह तोड़ | दांत तोड़ | सिर फोड़ | गला काट | गला घोंट | तुझे देख लूंगा | तुम्हें देख लूंगा | छोड़ूंगा नहीं | नहीं छोड़ूंगा | पछताएगा | पछताओगे | पछताना पड़ेगा | कीमत चुकानी | अंजाम भुगत | तेरा घर जानता | पता है तू कहां | पता है तू कहाँ | जानता हूं तू कहां | जानता हूँ तू कहाँ | घर जला दूंगा | बर्बाद कर दूंगा | तबाह कर दूंगा | जिंदा नहीं | ज़िंदा नहीं | तेरे दिन गिने | खत्म कर दूंगा',
  insult:
    'हरामी | हरामखोर | हरामज़ादे | हरामजादे | कुत्ते की औलाद | सूअर की औलाद | मादरचोद | बहनचोद | भोसड़ी | चूतिया | चूतिये | गांडू | रंडी | कमीने | कमीना | कमीनी | साले कुत्ते | साला कुत्ता | कुत्ते कमीने | कुत्ता है तू | गधे कहीं के | बेवकूफ कहीं के | बेवकूफ़ कहीं के | मूर्ख कहीं के | उल्लू के पट्ठे | उल्लू का पट्ठा | नालायक | निकम्मे | निकम्मा | निकम्मी | घटिया इंसान | नीच इंसान | गंदी नाली के | नाली के कीड़े | चुप कर | चुप रह | मुंह बंद कर | मुँह बंद कर | भाड़ में जा | भाड़ में जाओ | जहन्नुम में जा | नरक में जा | दफा हो जा | दफ़ा हो जा | दफा हो | निकल यहां से | कोई तुझे पसंद नहीं | कोई तुम्हें पसंद नहीं | कोई तुझसे प्यार नहीं | सब तुझसे नफरत | सब तुमसे नफरत | तुझसे घिन | तुमसे घिन | किसी काम का नहीं | किसी काम के नहीं | तेरी कोई औकात नहीं | तेरी औकात | तुम्हारी औकात | दो कौड़ी का | दो कौड़ी के | धरती पर बोझ | पैदा ही नहीं होना',
  youAre: 'तू | तुम | आप | तू एक | तुम एक | तू है ही | तेरी शक्ल | तू तो | तुम तो | तुझ जैसा | तुम जैसे',
  thou: 'अबे | ओए | अरे | साले | साला',
  slur: 'बेवकूफ | बेवकूफ़ | मूर्ख | गधा | गधे | सूअर | पागल | नालायक | निकम्मा | निकम्मे | कायर | डरपोक | झूठा | झूठे | झूठी | पाखंडी | घटिया | घिनौना | घिनौने | बदसूरत | नाकारा | कचरा | गंदा | गंदे | नीच | कमीना | जोकर | असफल | अनपढ़ | जाहिल | बोझ | कलंक | बुद्धू | उल्लू',
}

export const OTHER_TOXICITY: readonly ToxicityWords[] = [
  ...[PORTUGUESE, DUTCH, POLISH, TURKISH, SWEDISH],
  ...[RUSSIAN, CHINESE, JAPANESE, KOREAN, ARABIC, HINDI],
]
