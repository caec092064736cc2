use super::catalogue::catalogue;

catalogue! {
    /// The report about one person.
    Person {
        Title: "{sample}: what makes the score {score}", "{sample}: {score} балы неден құралады", "{sample}: из чего складывается балл {score}";
        Lead: "For {trait} this person’s score is higher than that of {percentile} of people of the same ancestry.",
            "{trait}: бұл адамның балы шығу тегі ұқсас адамдардың {percentile}‑ынан жоғары.",
            "{trait}: балл этого человека выше, чем у {percentile} людей того же происхождения.";
        LeadScoreOnly: "This person’s score is higher than that of {percentile} of people of the same ancestry.",
            "Бұл адамның балы шығу тегі ұқсас адамдардың {percentile}‑ынан жоғары.",
            "Балл этого человека выше, чем у {percentile} людей того же происхождения.";
        LeadRisk: "The risk is estimated at {risk}; with {level} probability it lies between {low} and {high}.",
            "Тәуекел {risk} деп бағаланды; ол {level} ықтималдықпен {low} мен {high} арасында.",
            "Риск оценивается в {risk}; с вероятностью {level} он лежит между {low} и {high}.";
        LeadRiskOnly: "The risk is estimated at {risk}.", "Тәуекел {risk} деп бағаланды.", "Риск оценивается в {risk}.";
        LeadAverage: "The average in this population is {average}.", "Бұл популяциядағы орташа мән\u{a0}– {average}.", "Среднее в этой популяции\u{a0}– {average}.";
        Interval: "{value} ({level} interval {ends})", "{value} ({level} аралық: {ends})", "{value} (интервал {level}: {ends})";
        FactScore: "Score", "Балл мәні", "Балл";
        FactExpected: "Expected in the population", "Популяцияда күтілетін балл", "Ожидаемый в популяции балл";
        FactAdjusted: "Adjusted score (SD)", "Түзетілген балл (SD)", "Балл с поправкой (SD)";
        FactPercentile: "Percentile", "Процентиль мәні", "Процентиль";
        FactRisk: "Risk", "Тәуекел", "Риск";
        FactPopulation: "Compared with", "Салыстырылатын топ", "Сравнение с";
        FactFlag: "Ancestry", "Шығу тегі", "Происхождение";
        FactAccuracy: "Expected accuracy (R²)", "Күтілетін дәлдік (R²)", "Ожидаемая точность (R²)";
        Inside: "inside the reference", "референс ішінде", "в пределах референса";
        Outside: "outside the reference", "референстен тыс", "вне референса";
        Extrapolated: "inside, but the adjustment extrapolates", "референс ішінде, бірақ түзету экстраполяцияланған", "в пределах, но поправка экстраполирует";
        WarnOutside: "This person is genetically unlike everyone in the reference. Percentile and risk rest on models rather than on people like this one, and are less certain.",
            "Бұл адам генетикалық жағынан референстегі ешкімге ұқсамайды. Процентиль мен тәуекел ұқсас адамдарға емес, модельдерге сүйенеді, сенімділігі төменірек.",
            "Этот человек генетически не похож ни на кого в референсе. Процентиль и риск опираются на модели, а не на похожих людей, и менее надёжны.";
        WarnExtrapolated: "The adjustment goes beyond the ancestry that it was learnt on: percentile and risk are less certain.",
            "Түзету өзі үйренген шығу тегінен тыс қолданылды: процентиль мен тәуекелдің сенімділігі төменірек.",
            "Поправка выходит за пределы происхождения, на котором она построена: процентиль и риск менее надёжны.";

        PlaceHeading: "Place among others", "Басқалар арасындағы орны", "Место среди других";
        PlaceTitle: "The score among people of the same ancestry", "Шығу тегі ұқсас адамдар арасындағы балл", "Балл среди людей того же происхождения";
        PlaceDescription: "Density of the score in the population; a vertical line marks this person.",
            "Популяциядағы балл тығыздығы; тік сызық\u{a0}– осы адам.",
            "Плотность балла в популяции; вертикальная линия\u{a0}– этот человек.";
        PlaceCaption: "Distribution of the score in {population} and this person’s place in it.",
            "{population}: балдың таралуы және осы адамның ондағы орны.",
            "{population}: распределение балла и место этого человека в нём.";
        ThisOne: "this person", "осы адам", "этот человек";
        Mean: "Mean", "Орташа мәні", "Среднее";
        Sd: "Standard deviation", "Стандартты ауытқуы", "Стандартное отклонение";
        Density: "Density", "Тығыздық", "Плотность";
        ScoreAxis: "Score", "Балл мәні", "Балл";
        AdmixtureTable: "Ancestry proportions, estimated.", "Шығу тегінің бағаланған үлестері.", "Оценённые доли происхождения.";
        Source: "Source", "Дереккөз популяция", "Источник";
        Proportion: "Proportion", "Үлесі", "Доля";

        StepsHeading: "From the expectation to this score", "Күтілетін мәннен осы балға дейін", "От ожидания к этому баллу";
        StepsRead: "The bars begin at the score that a person of this population has on average. Each variant moves the score up (to the right) or down (to the left) as far as this person’s genotype differs from what is usual there.",
            "Жолақтар осы популяция адамының орташа балынан басталады. Әр нұсқа балды осы адамның генотипі әдеттегіден қаншалықты өзгеше болса, соншалықты жоғары (оңға) немесе төмен (солға) жылжытады.",
            "Полосы начинаются со среднего балла человека этой популяции. Каждый вариант сдвигает балл вверх (вправо) или вниз (влево) настолько, насколько генотип этого человека отличается от обычного.";
        StepsTitle: "Variants that move the score most", "Балды ең көп жылжытатын нұсқалар", "Варианты, сильнее всего сдвигающие балл";
        StepsDescription: "Bars from the population’s expectation to this person’s score, one for each variant.",
            "Популяцияда күтілетін мәннен осы адамның балына дейінгі жолақтар, әр нұсқаға біреуден.",
            "Полосы от ожидания в популяции до балла человека, по одной на вариант.";
        StepsCaption: "From the population’s expectation to this person’s score. Bars to the right raise it, bars to the left lower it.",
            "Популяцияда күтілетін мәннен осы адамның балына дейін. Оңға қараған жолақтар балды арттырады, солға қарағандары кемітеді.",
            "От ожидания в популяции до балла этого человека. Полосы вправо повышают его, полосы влево понижают.";
        Expectation: "expectation", "күтілетін мән", "ожидание";
        OtherVariants: "other variants", "қалған нұсқалар", "прочие варианты";
        Change: "change", "өзгеріс", "изменение";
        VariantTable: "The {n:variant|variants} that move the score most, of {all}. Frequency is that of the effect allele in the population. Change: contribution minus the population’s expectation. Share: of all changes, up and down taken together.",
            "Барлық {all} ішінен балды ең көп жылжытатын {n:нұсқа}. Жиілік\u{a0}– популяциядағы эффект аллелінікі. Өзгеріс: нұсқаның үлесінен популяцияда күтілетін мәнді шегергендегісі. Үлес: жоғары және төмен барлық өзгерістің ішінде.",
            "Варианты, сильнее всего сдвигающие балл: {n} из {all}. Частота\u{a0}– эффектного аллеля в популяции. Изменение: вклад минус ожидание в популяции. Доля: от всех изменений вверх и вниз вместе.";
        Variant: "Variant", "Нұсқа", "Вариант";
        Genotype: "Genotype", "Генотипі", "Генотип";
        EffectAllele: "Effect allele", "Эффект аллелі", "Эффектный аллель";
        Weight: "Weight", "Салмағы", "Вес";
        Frequency: "Frequency", "Жиілігі", "Частота";
        ChangeColumn: "Change", "Өзгеріс", "Изменение";
        Share: "Share", "Үлесі", "Доля";
        Imputed: "{genotype} (imputed)", "{genotype} (импутацияланған)", "{genotype} (импутирован)";

        MissingHeading: "What was missing, and how much it could change", "Не жетіспеді және ол нені өзгерте алады", "Чего не хватало и что это могло бы изменить";
        MissingRead: "Variants that the cohort does not have do not count; genotypes that are missing count with the population’s average. The table says how far the score could move if all of them were known.",
            "Когортада жоқ нұсқалар есепке алынбайды; жоқ генотиптердің орнына популяцияның орташа мәні алынады. Кесте олардың бәрі белгілі болса, балдың қаншалықты жылжи алатынын көрсетеді.",
            "Варианты, которых нет в когорте, не учитываются; вместо отсутствующих генотипов взято среднее по популяции. Таблица показывает, насколько мог бы сдвинуться балл, будь все они известны.";
        MissingCaption: "Variants of the score that were not read in this person.", "Балдың осы адамда оқылмаған нұсқалары.", "Варианты балла, не прочитанные у этого человека.";
        NothingMissing: "Every variant of the score was read in this person.", "Балдың барлық нұсқасы осы адамда оқылды.", "Все варианты балла прочитаны у этого человека.";
        Kind: "What", "Түрі", "Что";
        Variants: "Variants", "Нұсқа саны", "Вариантов";
        VarianceShare: "Share of variance", "Дисперсия үлесі", "Доля дисперсии";
        ScoreBetween: "Score could be", "Балдың ықтимал мәні", "Балл мог бы быть";
        PercentileBetween: "Percentile could be", "Процентильдің ықтимал мәні", "Процентиль мог бы быть";
        NotInCohort: "not in the cohort", "когортада жоқ", "нет в когорте";
        NotCalled: "genotype missing, expectation used", "генотип жоқ, күтілетін мән алынды", "генотип отсутствует, взято ожидание";
        ImputedKind: "imputed with uncertainty", "импутацияланған, толық анық емес", "импутированы с неопределённостью";
    }
}
