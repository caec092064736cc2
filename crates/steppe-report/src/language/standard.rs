use super::catalogue::catalogue;

catalogue! {
    /// The sheet of the reporting standard.
    Standard {
        Caption: "Polygenic Risk Score Reporting Standards, item by item.",
            "Полигендік тәуекел балдары туралы есептілік стандарты, тармақтар бойынша.",
            "Стандарт отчётности о полигенных баллах риска по пунктам.";
        Item: "Item", "Тармақ", "Пункт";
        Part: "Part", "Бөлігі", "Раздел";
        Reported: "Reported", "Мәлімет", "Указано";
        SeeSection: "see “{section}”", "«{section}» бөлімін қараңыз", "см. раздел «{section}»";
        People: "{n:person|people}", "{n:адам}", "{n:человек|человека|человек}";
        PeopleAndCases: "{n:person|people}, {cases:case|cases}",
            "{n:адам}, оның ішінде {cases:науқас}",
            "{n:человек|человека|человек}, {cases:случай|случая|случаев}";
        ReferencePeople: "reference: {n:person|people}", "референсте {n:адам}", "референс: {n:человек|человека|человек}";
        ScoreRows: "{score}: {matched} of {rows:row|rows} scored",
            "{score}: {rows:жолдан} {matched} жол есептелді",
            "{score}: учтено {matched} из {rows:строки|строк|строк}";

        Background: "Background", "Негіздеме", "Обоснование";
        StudyData: "Study population and data", "Зерттеу тобы мен деректері", "Выборка и данные";
        Development: "Risk model development and application", "Тәуекел моделін құру және қолдану", "Построение и применение модели риска";
        Evaluation: "Risk model evaluation", "Тәуекел моделін бағалау", "Оценка модели риска";
        Limitations: "Limitations and clinical implications", "Шектеулер мен клиникалық маңызы", "Ограничения и клиническое значение";
        Availability: "Data transparency and availability", "Деректердің ашықтығы мен қолжетімділігі", "Прозрачность и доступность данных";

        StudyType: "Study type", "Зерттеу түрі", "Тип исследования";
        Purpose: "Risk model purpose and predicted outcome", "Модельдің мақсаты мен болжанатын нәтиже", "Назначение модели и предсказываемый исход";
        Design: "Study design and recruitment", "Зерттеу дизайны мен қатысушыларды іріктеу", "Дизайн исследования и набор участников";
        Demographics: "Participant demographics and clinical characteristics", "Қатысушылардың демографиялық және клиникалық сипаттамасы", "Демографические и клинические характеристики участников";
        Ancestry: "Ancestry", "Шығу тегі", "Происхождение";
        GeneticData: "Genetic data", "Генетикалық деректер", "Генетические данные";
        NonGenetic: "Non-genetic variables", "Генетикалық емес айнымалылар", "Негенетические переменные";
        Outcome: "Outcome of interest", "Қарастырылатын нәтиже", "Изучаемый исход";
        MissingData: "Missing data", "Жетіспейтін деректер", "Пропущенные данные";
        Construction: "Polygenic score construction and estimation", "Полигендік балды құру және бағалау", "Построение и оценивание полигенного балла";
        ModelType: "Risk model type", "Тәуекел моделінің түрі", "Тип модели риска";
        IntegratedModel: "Integrated risk model description and fitting", "Біріктірілген модельдің сипаттамасы мен бапталуы", "Описание и подгонка объединённой модели";
        Distribution: "Distribution of the score", "Балдың таралуы", "Распределение балла";
        PredictiveAbility: "Predictive ability", "Болжау қабілеті", "Предсказательная способность";
        Discrimination: "Discrimination", "Ажырату қабілеті", "Различающая способность";
        CalibrationItem: "Calibration", "Калибрлеу", "Калибровка";
        Subgroups: "Subgroup analyses", "Кіші топтарды талдау", "Анализ подгрупп";
        Interpretation: "Risk model interpretation", "Модельді түсіндіру", "Интерпретация модели";
        LimitationsItem: "Limitations", "Шектеулер", "Ограничения";
        Generalizability: "Generalizability", "Жалпылануы", "Обобщаемость";
        IntendedUses: "Intended uses", "Қолдану мақсаты", "Предполагаемое применение";
        AvailabilityItem: "Data, model and program", "Деректер, модель, бағдарлама", "Данные, модель, программа";
    }
}
