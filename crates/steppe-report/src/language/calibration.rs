use super::catalogue::catalogue;

catalogue! {
    /// The calibration report.
    Calibration {
        Title: "Polygenic scores for {trait}: calibration",
            "{trait}: полигендік балдарды калибрлеу",
            "{trait}: калибровка полигенных баллов";
        TitleAlone: "Calibration of polygenic scores", "Полигендік балдарды калибрлеу", "Калибровка полигенных баллов";
        LeadPopulations: "{scores:polygenic score was|polygenic scores were} computed for {people:person|people} of {populations:population|populations}.",
            "{populations:популяциядан} {people:адам} үшін {scores:полигендік балл} есептелді.",
            "Рассчитано: {scores:полигенный балл|полигенных балла|полигенных баллов}; участники: {people:человек|человека|человек}; популяции: {populations}.";
        LeadPeople: "{scores:polygenic score was|polygenic scores were} computed for {people:person|people}.",
            "{people:адам} үшін {scores:полигендік балл} есептелді.",
            "Рассчитано: {scores:полигенный балл|полигенных балла|полигенных баллов}; участники: {people:человек|человека|человек}.";
        LeadRisk: "In {population}, where the uncalibrated risks are furthest off, they expect {before} cases for each one observed; after calibration {after}.",
            "Калибрленбеген тәуекелдер ең көп қателескен {population} популяциясында байқалған әр жағдайға {before} жағдай болжанған; калибрлеуден кейін {after}.",
            "В популяции {population}, где некалиброванные риски ошибаются сильнее всего, на один наблюдаемый случай приходилось {before} ожидаемых; после калибровки {after}.";
        FactPeople: "People", "Адам саны", "Человек";
        FactPhenotyped: "With a phenotype", "Фенотипі белгілі", "С фенотипом";
        FactCases: "Cases", "Науқас саны", "Случаев";
        FactScores: "Scores", "Балдар", "Баллов";
        FactMatched: "Rows matched", "Табылған жолдар", "Найдено строк";
        FactOutside: "Outside the reference", "Референстен тыс", "Вне референса";

        ScoresHeading: "What was scored and matched", "Не есептелді және не табылды", "Что рассчитано и что найдено";
        ScoresRead: "A score is a sum over variants: copies of the effect allele times its weight. A variant that the cohort does not have can not count. What matters is less how many are found than how much of the score’s variance they carry.",
            "Балл\u{a0}– нұсқалар бойынша қосынды: эффект аллелі көшірмелерінің саны оның салмағына көбейтіледі. Когортада жоқ нұсқа есепке алынбайды. Қанша нұсқа табылғанынан гөрі, олардың балл дисперсиясының қанша бөлігін құрайтыны маңыздырақ.",
            "Балл\u{a0}– это сумма по вариантам: число копий эффектного аллеля, умноженное на его вес. Вариант, которого нет в когорте, не учитывается. Важно не столько число найденных вариантов, сколько доля дисперсии балла, которую они несут.";
        ScoresCaption: "The scores and what of them was found.", "Балдар және олардың табылған бөлігі.", "Баллы и найденная их часть.";
        Rows: "Rows", "Жол саны", "Строк";
        Matched: "Matched", "Табылғаны", "Найдено";
        MatchedShare: "Matched (share)", "Табылған үлесі", "Доля найденных";
        VarianceShare: "Share of variance", "Дисперсия үлесі", "Доля дисперсии";
        ExcludedCaption: "Rows of the scoring files that are not scored, by reason.",
            "Балл файлдарының есептелмеген жолдары, себептерімен.",
            "Строки файлов баллов, которые не учтены, по причинам.";
        Reason: "Reason", "Себебі", "Причина";

        PeopleHeading: "The people", "Адамдар", "Люди";
        PeopleRead: "Outside the reference: genetically unlike everyone in the reference; about 1 in 100 people who do belong to it are flagged too. Extrapolated: the adjustment is used beyond the ancestry that it was learnt on. Flagged people are not excluded, but their values are less certain.",
            "Референстен тыс: генетикалық жағынан референстегі ешкімге ұқсамайды; референске жататындардың да шамамен жүзден бірі осылай белгіленеді. Экстраполяция: түзету өзі үйренген шығу тегінен тыс қолданылған. Белгіленген адамдар шығарылмайды, бірақ олардың мәндерінің сенімділігі төмен.",
            "Вне референса: генетически не похожи ни на кого в референсе; так помечается и примерно один из ста принадлежащих к нему. Экстраполяция: поправка применена за пределами происхождения, на котором она построена. Помеченные люди не исключаются, но их значения менее надёжны.";
        PeopleCaption: "People by population.", "Популяциялар бойынша адам саны.", "Число людей по популяциям.";
        Phenotyped: "With phenotype", "Фенотипі белгілі", "С фенотипом";
        CaseColumn: "Cases", "Науқас саны", "Случаев";
        LearntFrom: "Learnt from", "Үйренуге алынғаны", "Для обучения";
        EvaluatedOn: "Evaluated on", "Бағалауға алынғаны", "Для оценки";
        Outside: "Outside the reference", "Референстен тыс", "Вне референса";
        Extrapolated: "Extrapolated", "Экстрапо\u{ad}ляция\u{ad}ланған", "Экстрапо\u{ad}ляция";

        PcaHeading: "Ancestry: target over reference", "Шығу тегі: референс пен зерттелетін топ", "Происхождение: участники и референс";
        PcaRead: "Each point is a person; near points are people of similar ancestry. Where people of the target lie away from all groups of the reference, no reference population describes them.",
            "Әр нүкте\u{a0}– бір адам; жақын нүктелер\u{a0}– шығу тегі ұқсас адамдар. Зерттелетін адамдар референстің барлық тобынан алыс жатса, оларды референстің бірде-бір популяциясы сипаттай алмайды.",
            "Каждая точка\u{a0}– человек; близкие точки\u{a0}– люди сходного происхождения. Если участники лежат в стороне от всех групп референса, ни одна его популяция их не описывает.";
        PcaTitle: "Principal components of target and reference", "Зерттелетін топ пен референстің бас компоненттері", "Главные компоненты участников и референса";
        PcaDescription: "Scatter plot of principal components, people of the target over those of the reference.",
            "Бас компоненттер жазықтығындағы нүктелер: референстің үстінде зерттелетін адамдар.",
            "Точечная диаграмма главных компонент: участники поверх референса.";
        PcaCaption: "Principal components of the reference (small, pale points) with the people of the target projected onto them (large, strong points). A population has the same colour in both.",
            "Референстің бас компоненттері (ұсақ, бозғылт нүктелер) және соларға проекцияланған зерттелетін адамдар (ірі, қанық нүктелер). Бір популяцияның түсі екеуінде де бірдей.",
            "Главные компоненты референса (мелкие бледные точки) и спроецированные на них участники (крупные яркие точки). Цвет популяции в обоих случаях один и тот же.";
        PcaThinned: "Drawn: {drawn:person|people} of {all}, taken evenly through each group so that there are about {most} points.",
            "Сызылғаны: {all} адамнан {drawn} адам; нүкте саны шамамен {most} болатындай әр топтан біркелкі алынды.",
            "Показано: {drawn} из {all}; из каждой группы взято равномерно, чтобы точек было около {most}.";
        TargetGroup: "{name} (target)", "{name} (зерттелетін)", "{name} (участники)";
        Group: "Group", "Топ атауы", "Группа";
        Role: "Of", "Тиесілігі", "Чьи";
        OfReference: "reference", "референстікі", "референс";
        OfTarget: "target", "зерттелетін топ", "участники";
        MeanOf: "Mean {what}", "Орташа {what}", "Среднее {what}";
        PcaTable: "People of each group and their means.", "Әр топтағы адам саны мен орташа мәндері.", "Число людей в каждой группе и средние значения.";

        DistributionHeading: "Scores by population, before and after adjustment", "Популяциялардағы балдар: түзетуге дейін және кейін", "Баллы по популяциям до и после поправки";
        DistributionRead: "Raw scores differ between populations for reasons that say nothing about risk: how often alleles occur, and who was studied. After adjustment the populations should lie on one another around 0 with a standard deviation of 1.",
            "Түзетілмеген балдар популяциялар арасында тәуекелге қатысы жоқ себептермен ерекшеленеді: аллельдердің жиілігі және кімдер зерттелгені. Түзетуден кейін популяциялар 0 маңында, стандартты ауытқуы 1 болып, бір-біріне сәйкес келуі тиіс.",
            "Исходные баллы различаются между популяциями по причинам, не связанным с риском: из-за частот аллелей и состава исследованных. После поправки популяции должны совпадать: среднее около 0, стандартное отклонение 1.";
        DistributionTitle: "Distribution of {score} by population", "{score}: популяциялар бойынша таралуы", "Распределение {score} по популяциям";
        DistributionDescription: "Density of the score in each population, before and after adjustment.",
            "Әр популяциядағы балдың тығыздығы, түзетуге дейін және кейін.",
            "Плотность балла в каждой популяции до и после поправки.";
        DistributionCaption: "{score}: distribution by population. The short line is the mean; the dashed line marks the reference mean of 0.",
            "{score}: популяциялар бойынша таралуы. Қысқа сызық\u{a0}– орташа мән; үзік сызық\u{a0}– референс ортасы, 0.",
            "{score}: распределение по популяциям. Короткая черта\u{a0}– среднее; пунктир\u{a0}– среднее референса, 0.";
        DistributionTable: "Mean and standard deviation (SD) of the score.", "Балдың орташа мәні мен стандартты ауытқуы (SD).", "Среднее и стандартное отклонение (SD) балла.";
        Before: "Before adjustment", "Түзетуге дейін", "До поправки";
        After: "After adjustment", "Түзетуден кейін", "После поправки";
        RawScore: "Score", "Балл мәні", "Балл";
        AdjustedScore: "Adjusted score (SD)", "Түзетілген балл (SD)", "Балл с поправкой (SD)";
        PeopleColumn: "People", "Адам саны", "Человек";
        MeanBefore: "Mean before", "Бұрынғы орташа", "Среднее до";
        SdBefore: "SD before", "Бұрынғы SD", "SD до";
        MeanAfter: "Mean after", "Кейінгі орташа", "Среднее после";
        SdAfter: "SD after", "Кейінгі SD", "SD после";

        RiskHeading: "Do the risks come true?", "Болжанған тәуекел расталды ма?", "Сбываются ли риски?";
        ReliabilityRead: "Of 100 people with a predicted risk of 20%, about 20 should turn out to be cases. Points on the dashed diagonal say that they do; points below it, that risk is overstated; points above it, that risk is understated.",
            "Болжанған тәуекелі 20 % болатын 100 адамның шамамен 20-сы науқас болып шығуы керек. Үзік диагональдағы нүктелер солай екенін көрсетеді; одан төмендегілері тәуекел асыра бағаланғанын, жоғарыдағылары кем бағаланғанын білдіреді.",
            "Из 100 человек с предсказанным риском 20 % случаями должны оказаться около 20. Точки на пунктирной диагонали показывают, что так и есть; точки ниже\u{a0}– риск завышен, точки выше\u{a0}– занижен.";
        ReliabilityTitle: "Reliability by population", "Популяциялар бойынша калибрлеу қисықтары", "Калибровочные кривые по популяциям";
        ReliabilityDescription: "Share of cases against predicted risk, a panel for each population; ideal points lie on the diagonal.",
            "Болжанған тәуекелге қарай науқастар үлесі, әр популяцияға бір сурет; мінсіз нүктелер диагональда жатады.",
            "Доля случаев в зависимости от предсказанного риска, по панели на популяцию; идеальные точки лежат на диагонали.";
        ReliabilityCaption: "Reliability: observed share of cases against predicted risk in groups of people of similar risk. Vertical lines: {interval}.",
            "Калибрлеу қисығы: тәуекелі ұқсас топтардағы байқалған науқастар үлесі мен болжанған тәуекел. Тік сызықтар: {interval}.",
            "Калибровочная кривая: наблюдаемая доля случаев и предсказанный риск в группах людей со сходным риском. Вертикальные линии: {interval}.";
        PredictedRisk: "Predicted risk", "Болжанған тәуекел", "Предсказанный риск";
        ObservedShare: "Observed share of cases", "Байқалған науқастар үлесі", "Наблюдаемая доля случаев";
        Uncalibrated: "uncalibrated", "калибрленбеген", "без\u{a0}калибровки";
        Calibrated: "calibrated", "калибрленген", "с\u{a0}калибровкой";
        Model: "Model", "Модель түрі", "Модель";
        ByPopulation: "By population, with and without calibration.", "Популяциялар бойынша, калибрлеумен және калибрлеусіз.", "По популяциям, с калибровкой и без неё.";
        ExpectedObservedCaption: "Expected to observed cases. Above 1 risk is overstated, below 1 understated.",
            "Күтілген және байқалған жағдайлар қатынасы. 1-ден жоғары болса, тәуекел асыра, төмен болса, кем бағаланған.",
            "Отношение ожидаемых случаев к наблюдаемым. Выше 1 риск завышен, ниже 1\u{a0}– занижен.";
        SlopeCaption: "Calibration slope. Below 1 the risks are too far apart (too extreme), above 1 too close together.",
            "Калибрлеу көлбеулігі. 1-ден төмен болса, тәуекелдер тым алшақ (шектен тыс), жоғары болса, тым жақын.",
            "Наклон калибровки. Ниже 1 риски слишком разбросаны (крайние значения), выше 1\u{a0}– слишком сближены.";
        InterceptCaption: "Calibration in the large, in log odds: below 0 risk is overstated on average, above 0 understated.",
            "Жалпы калибрлеу, шанстар логарифмінде: 0-ден төмен болса, тәуекел орта есеппен асыра, жоғары болса, кем бағаланған.",
            "Калибровка в целом, в логарифмах шансов: ниже 0 риск в среднем завышен, выше 0\u{a0}– занижен.";
        RiskCaption: "Calibration by population ({interval} in parentheses). Ideal are 1, 1 and 0.",
            "Популяциялар бойынша калибрлеу (жақшада {interval}). Мінсіз мәндер\u{a0}– 1, 1 және 0.",
            "Калибровка по популяциям (в скобках {interval}). Идеальные значения\u{a0}– 1, 1 и 0.";

        TransferHeading: "Transfer: accuracy against genetic distance", "Тасымалдану: дәлдік пен генетикалық қашықтық", "Переносимость: точность и генетическое расстояние";
        TransferRead: "A score predicts best for people like those in whom it was trained and worse with growing genetic distance from them. Calibration corrects the level of risk; it can not bring this accuracy back.",
            "Балл өзі үйретілген адамдарға ұқсас адамдарда ең дәл болжайды, генетикалық қашықтық артқан сайын дәлдігі төмендейді. Калибрлеу тәуекел деңгейін түзетеді, бірақ жоғалған дәлдікті қайтара алмайды.",
            "Балл лучше всего предсказывает у людей, похожих на тех, на ком он построен, и хуже с ростом генетического расстояния. Калибровка исправляет уровень риска, но не возвращает эту точность.";
        TransferTitle: "{indicator} against genetic distance", "{indicator} және генетикалық қашықтық", "{indicator} и генетическое расстояние";
        TransferDescription: "Accuracy in groups of people of similar genetic distance.",
            "Генетикалық қашықтығы ұқсас топтардағы дәлдік.",
            "Точность в группах людей со сходным генетическим расстоянием.";
        TransferCaption: "{indicator} in groups of people by genetic distance from the middle of the whole reference. Vertical lines: {interval}.",
            "{indicator}: бүкіл референстің ортасынан генетикалық қашықтық бойынша топтарда. Тік сызықтар: {interval}.",
            "{indicator} в группах людей по генетическому расстоянию от центра всего референса. Вертикальные линии: {interval}.";
        TransferCaptionFrom: "{indicator} in groups of people by genetic distance from the middle of {population} in the reference. Vertical lines: {interval}.",
            "{indicator}: референстегі {population} популяциясының ортасынан генетикалық қашықтық бойынша топтарда. Тік сызықтар: {interval}.",
            "{indicator} в группах людей по генетическому расстоянию от центра популяции {population} в референсе. Вертикальные линии: {interval}.";
        GeneticDistance: "Genetic distance", "Генетикалық қашықтық", "Генетическое расстояние";

        NothingToDraw: "There is nothing to draw: there are too few people for every one of these numbers. The table says how many there are and how many it takes.",
            "Сызатын ештеңе жоқ: бұл сандардың ешқайсысына адам жетпейді. Кестеде қанша адам бары және қаншасы керегі көрсетілген.",
            "Показать нечего: ни для одного из этих чисел людей не хватает. В таблице указано, сколько есть и сколько нужно.";
        UntestedNoPhenotypes: "Not measured: no phenotypes were given.",
            "Өлшенбеді: фенотиптер берілмеген.",
            "Не измерено: фенотипы не заданы.";
        UntestedEverybodyTaught: "Not measured: everybody with a phenotype taught the calibration, and people who taught it would flatter it. A list of those who teach leaves the others for the test.",
            "Өлшенбеді: фенотипі белгілі адамдардың бәрі калибрлеуді үйретуге қатысты, оларда тексерсе, нәтиже тым жақсы көрінер еді. Үйретуге қатысатындардың тізімі берілсе, қалғандарында тексеруге болады.",
            "Не измерено: калибровка построена на всех людях с фенотипом, и проверка на них была бы слишком лестной. Если задать список тех, на ком она строится, проверить можно на остальных.";

        DecileHeading: "Odds by decile", "Децильдер бойынша шанстар", "Шансы по децилям";
        DecileRead: "People are sorted by their score into ten groups of equal size. The odds ratio says how the odds of being a case in a group compare with those in the middle (groups 5 and 6 together), which has 1.",
            "Адамдар балы бойынша саны тең он топқа бөлінеді. Шанстар қатынасы топтағы науқас болу шансын ортадағы (5-ші және 6-шы топтар бірге) шанспен салыстырады; ортада бұл мән 1-ге тең.",
            "Люди разделены по баллу на десять равных групп. Отношение шансов показывает, как шансы оказаться случаем в группе соотносятся с шансами в середине (группы 5 и 6 вместе), где оно равно 1.";
        DecileTitle: "Odds ratio by decile of the score", "Балл децильдері бойынша шанстар қатынасы", "Отношение шансов по децилям балла";
        DecileDescription: "Odds ratios by decile, a panel for each population, on a logarithmic axis.",
            "Децильдер бойынша шанстар қатынасы, әр популяцияға бір сурет, логарифмдік ось.",
            "Отношения шансов по децилям, по панели на популяцию, логарифмическая ось.";
        DecileCaption: "Odds ratio by decile of the score within each population. Vertical lines: {interval}. Deciles with too few cases are not drawn.",
            "Әр популяцияның ішіндегі балл децильдері бойынша шанстар қатынасы. Тік сызықтар: {interval}. Науқасы тым аз децильдер сызылмаған.",
            "Отношение шансов по децилям балла внутри каждой популяции. Вертикальные линии: {interval}. Децили, где случаев слишком мало, не показаны.";
        Decile: "Decile of the score", "Балл децилі", "Дециль балла";
        OddsRatio: "Odds ratio", "Шанстар қатынасы", "Отношение шансов";

        MetricsHeading: "Metrics with intervals", "Көрсеткіштер мен аралықтары", "Показатели с интервалами";
        MetricsRead: "Where there are too few people or cases for a trustworthy number, the table says so in place of the number, and beside it how many there are of how many it takes.",
            "Сенімді сан шығаруға адам не науқас саны жетпесе, кестеде санның орнына сол жазылып, жанында бары мен керегі көрсетіледі.",
            "Если людей или случаев слишком мало для надёжного числа, в таблице вместо него так и написано, а рядом указано, сколько есть из скольких нужных.";
        MetricsCaption: "{score}: metrics of prediction by population.", "{score}: популяциялар бойынша болжау көрсеткіштері.", "{score}: показатели предсказания по популяциям.";
        Metric: "Metric", "Көрсеткіш", "Показатель";
        Estimate: "Estimate", "Бағасы", "Оценка";

        LimitsHeading: "Limits, in plain words", "Шектеулер, қарапайым тілмен", "Ограничения простыми словами";
        StandardHeading: "PRS reporting standard (PRS-RS)", "PRS есептілік стандарты (PRS-RS)", "Стандарт отчётности PRS-RS";
        StandardRead: "The items of the Polygenic Risk Score Reporting Standards (2021). What neither the data nor the author of this report gave is said to be not stated.",
            "Полигендік тәуекел балдары туралы есептілік стандартының (2021) тармақтары. Деректерде де, есеп авторы да бермеген мәлімет «көрсетілмеген» деп жазылады.",
            "Пункты стандарта отчётности о полигенных баллах риска (2021). То, чего нет ни в данных, ни у автора отчёта, обозначено «не указано».";
    }
}
