use super::catalogue::catalogue;

catalogue! {
    /// Names of metrics and of reasons.
    Names {
        R2: "R²", "R²", "R²";
        IncrementalR2: "Incremental R²", "Қосымша R²", "Прирост R²";
        PartialR2: "Partial R²", "Жеке R²", "Частный R²";
        LiabilityR2: "Liability R²", "Бейімділік шкаласындағы R²", "R² на шкале подверженности";
        NagelkerkeR2: "Nagelkerke R²", "Nagelkerke R²", "R² Nagelkerke";
        Auc: "AUC", "AUC", "AUC";
        CIndex: "C-index", "Сәйкестік индексі C", "Индекс согласованности C";
        OddsRatioPerSd: "Odds ratio per SD", "1 SD-ге шанстар қатынасы", "Отношение шансов на 1 SD";
        HazardRatioPerSd: "Hazard ratio per SD", "1 SD-ге қауіптер қатынасы", "Отношение рисков на 1 SD";
        TopDecileVsRest: "Odds ratio, top decile against the rest",
            "Шанстар қатынасы: жоғарғы дециль мен қалғандары",
            "Отношение шансов: верхний дециль и остальные";
        TopDecileVsMiddle: "Odds ratio, top decile against 40–60%",
            "Шанстар қатынасы: жоғарғы дециль мен 40–60 %",
            "Отношение шансов: верхний дециль и 40–60 %";
        Brier: "Brier score", "Brier көрсеткіші", "Показатель Brier";
        ScaledBrier: "Scaled Brier score", "Нормаланған Brier көрсеткіші", "Нормированный показатель Brier";
        Intercept: "Calibration in the large", "Жалпы калибрлеу", "Калибровка в целом";
        Slope: "Calibration slope", "Калибрлеу көлбеулігі", "Наклон калибровки";
        ExpectedObserved: "Expected / observed", "Күтілген / байқалған", "Ожидаемое / наблюдаемое";
        Ece: "Expected calibration error", "Калибрлеудің орташа қатесі", "Средняя ошибка калибровки";
        Coverage: "Coverage of intervals", "Аралықтардың қамту үлесі", "Покрытие интервалов";
        Insufficient: "insufficient", "дерек аз", "мало данных";
        FewCases: "cases: {found} of {needed}", "науқас: {found} / {needed}", "случаев: {found} из {needed}";
        FewControls: "controls: {found} of {needed}", "сау адам: {found} / {needed}", "контролей: {found} из {needed}";
        FewPeople: "people: {found} of {needed}", "адам: {found} / {needed}", "человек: {found} из {needed}";
        OneClass: "only cases or only controls",
            "тек науқастар немесе тек сау адамдар",
            "только случаи или только контроли";
        ConstantScore: "the score is the same for everyone", "балл бәрінде бірдей", "балл у всех одинаков";
        DuplicateVariant: "several rows match the same variant",
            "бірнеше жол бір нұсқаға сәйкес келеді",
            "несколько строк соответствуют одному варианту";
        Ambiguous: "strand unknown: the alleles are each other’s complement (A/T, C/G)",
            "тізбегі белгісіз: аллельдері бір-біріне комплементар (A/T, C/G)",
            "цепь неизвестна: аллели комплементарны друг другу (A/T, C/G)";
        Multiallelic: "one of several variants at one site",
            "бір орындағы бірнеше нұсқаның бірі",
            "один из нескольких вариантов в одной позиции";
        StrandFlip: "alleles match on the other strand only",
            "аллельдері тек екінші тізбекте сәйкес келеді",
            "аллели совпадают только на другой цепи";
        DuplicateId: "the id names several variants",
            "идентификатор бірнеше нұсқаға тиесілі",
            "идентификатор принадлежит нескольким вариантам";
        NoPositionNorId: "neither position nor id", "орны да, идентификаторы да жоқ", "нет ни позиции, ни идентификатора";
        NoSuchPosition: "no variant of the cohort at this position",
            "когортада бұл орында нұсқа жоқ",
            "в когорте нет варианта в этой позиции";
        NoSuchId: "no variant of the cohort with this id",
            "когортада мұндай идентификаторлы нұсқа жоқ",
            "в когорте нет варианта с этим идентификатором";
        AllelesDiffer: "the cohort has other alleles there",
            "когортада бұл орындағы аллельдер басқа",
            "в когорте в этой позиции другие аллели";
        UnmatchableAllele: "the effect allele is no sequence",
            "эффект аллелі нуклеотидтер тізбегі емес",
            "эффектный аллель не является последовательностью";
        NonAdditiveOnHaploid: "effect is not additive where not everyone has two copies",
            "әркімде екі көшірме бола бермейтін орындағы аддитивті емес эффект",
            "неаддитивный эффект там, где не у всех две копии";
    }
}
