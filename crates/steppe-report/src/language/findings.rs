use super::catalogue::catalogue;

catalogue! {
    /// Limits in plain words.
    Findings {
        GenesOnly: "A polygenic score counts inherited common variants only. It knows nothing of rare variants of large effect, of way of life or of surroundings.",
            "Полигендік балл тұқым қуалайтын жиі кездесетін нұсқаларды ғана ескереді. Ол әсері күшті сирек нұсқаларды, өмір салтын және қоршаған ортаны білмейді.",
            "Полигенный балл учитывает только наследуемые частые варианты. Он ничего не знает о редких вариантах с сильным действием, образе жизни и окружении.";
        NotADiagnosis: "A risk is not a diagnosis: most people with a high risk may stay well, and people with a low risk fall ill too. Nothing here should be decided upon without a physician.",
            "Тәуекел\u{a0}– диагноз емес: тәуекелі жоғары адамдардың көбі сау қалуы мүмкін, тәуекелі төмен адамдар да ауырады. Дәрігерсіз бұл мәліметке сүйеніп шешім қабылдамау керек.",
            "Риск\u{a0}– это не диагноз: большинство людей с высоким риском могут остаться здоровыми, а люди с низким риском тоже заболевают. Не следует принимать по этим данным решений без врача.";
        NoPhenotypes: "No phenotypes are known. Scores are adjusted for ancestry, but whether the risks come true could not be checked.",
            "Фенотиптер белгісіз. Балдар шығу тегіне қарай түзетілген, бірақ тәуекелдердің расталатынын тексеру мүмкін болмады.",
            "Фенотипы неизвестны. Баллы скорректированы по происхождению, но проверить, сбываются ли риски, было нельзя.";
        SinglePerson: "There is one person only: nothing can be said about a population from this report.",
            "Мұнда бір ғана адам бар: бұл есептен популяция туралы қорытынды жасауға болмайды.",
            "Здесь всего один человек: о популяции по этому отчёту судить нельзя.";
        LowOverlap: "Only {share} of the score {score} was found in the cohort. It is not the score that its authors validated.",
            "{score} балының {share}-ы ғана когортада табылды. Бұл\u{a0}– авторлары тексерген балл емес.",
            "В когорте найдено лишь {share} балла {score}. Это не тот балл, который проверили его авторы.";
        ConstantScore: "The score {score} is the same for everyone and says nothing.",
            "{score} балы бәрінде бірдей, сондықтан ештеңе білдірмейді.",
            "Балл {score} у всех одинаков и ни о чём не говорит.";
        FewSharedVariants: "Ancestry rests on {n:variant|variants} that target and reference share, which is few: places near a border between populations are uncertain.",
            "Шығу тегі референспен ортақ {n:нұсқа} бойынша анықталды, бұл аз: популяциялар шекарасына жақын орындар сенімсіз.",
            "Происхождение определено по общим с референсом вариантам, их мало: {n}. Положение близ границ популяций ненадёжно.";
        OutsideReference: "{population}: {n} of {of:person|people} ({share}) are genetically unlike everyone in the reference. Their values rest on models rather than on people like them.",
            "{population}: {of:адам} арасынан {n} адам ({share}) генетикалық жағынан референстегі ешкімге ұқсамайды. Олардың мәндері өздеріне ұқсас адамдарға емес, модельдерге сүйенеді.",
            "{population}: {n} из {of:человека|человек|человек} ({share}) генетически не похожи ни на кого в референсе. Их значения опираются на модели, а не на похожих людей.";
        Extrapolated: "{population}: for {n} of {of:person|people} ({share}) the adjustment goes beyond the ancestry that it was learnt on.",
            "{population}: {of:адам} арасынан {n} адам ({share}) үшін түзету өзі үйренген шығу тегінен тыс қолданылды.",
            "{population}: для {n} из {of:человека|человек|человек} ({share}) поправка выходит за пределы происхождения, на котором она построена.";
        SmallCalibration: "{population}: the calibration was learnt from {n:person|people} only and leans on the other populations. More people with a phenotype would make it surer.",
            "{population}: калибрлеу небәрі {n:адамнан} үйренген және басқа популяцияларға сүйенеді. Фенотипі белгілі адам көбейсе, ол сенімдірек болады.",
            "{population}: калибровка построена всего на данных {n:человека|человек|человек} и опирается на другие популяции. С большим числом людей с фенотипом она была бы надёжнее.";
        FewCases: "{population}: there are {found:case|cases}; some metrics need {needed} and are not given.",
            "{population}: {found:науқас} бар; кейбір көрсеткіштерге кемінде {needed} керек, сондықтан олар келтірілмеген.",
            "{population}: {found:случай|случая|случаев}; некоторым показателям нужно не менее {needed}, поэтому они не приведены.";
        Miscalibrated: "{population}: after calibration too the risks expect {ratio} cases for each one observed. Do not use them as absolute risks.",
            "{population}: калибрлеуден кейін де байқалған әр жағдайға {ratio} жағдай болжанады. Бұл мәндерді абсолюттік тәуекел ретінде қолданбаңыз.",
            "{population}: и после калибровки на один наблюдаемый случай приходится {ratio} ожидаемых. Не используйте эти значения как абсолютные риски.";
        KeptUncalibrated: "{population}: calibration did not improve on the uncalibrated model by cross-validation. The uncalibrated model was kept.",
            "{population}: кросс-валидация бойынша калибрлеу калибрленбеген модельді жақсартпады. Калибрленбеген модель қалдырылды.",
            "{population}: по кросс-валидации калибровка не улучшила исходную модель. Оставлена модель без калибровки.";
        PrevalenceAssumed: "{population}: the risks rest on a prevalence of {share} that was given, not observed here.",
            "{population}: тәуекелдер осында байқалмаған, берілген {share} таралу деңгейіне сүйенеді.",
            "{population}: риски опираются на заданную, а не наблюдавшуюся здесь распространённость {share}.";
        ClassImbalance: "{population}: cases make up {share} of the people. Metrics that count both kinds alike can look better than they are.",
            "{population}: науқастар адамдардың {share}-ын құрайды. Екі топты бірдей санайтын көрсеткіштер шын мәнінен жақсырақ көрінуі мүмкін.",
            "{population}: случаи составляют {share} людей. Показатели, одинаково учитывающие обе группы, могут выглядеть лучше, чем есть.";
        LowerAccuracy: "{population}: {indicator} is {value}, against {best} in {other}. The score tells people apart less well here, and calibration can not mend that.",
            "{population}: {indicator} мәні {value}, ал {other} популяциясында {best}. Балл мұнда адамдарды нашарырақ ажыратады, калибрлеу мұны түзете алмайды.",
            "{population}: {indicator} равно {value}, а в популяции {other}\u{a0}– {best}. Здесь балл хуже различает людей, и калибровка этого не исправит.";
        InSample: "{population}: the metrics come from people on whom the calibration was learnt and are too favourable.",
            "{population}: көрсеткіштер калибрлеу үйренген адамдарда есептелген, сондықтан тым жақсы көрінеді.",
            "{population}: показатели рассчитаны на людях, на которых построена калибровка, и потому завышены.";
    }
}
