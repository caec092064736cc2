use super::catalogue::catalogue;

catalogue! {
    /// What every page says.
    Common {
        Figure: "Figure {n}.", "{n}-сурет.", "Рисунок {n}.";
        Table: "Table {n}.", "{n}-кесте.", "Таблица {n}.";
        FigureData: "Figure {n} in numbers", "{n}-сурет сандармен", "Рисунок {n} в числах";
        Note: "Note", "Ескерту", "Примечание";
        Warning: "Warning", "Назар аударыңыз", "Внимание";
        Sections: "Sections", "Бөлімдер", "Разделы";
        NotStated: "not stated", "көрсетілмеген", "не указано";
        All: "all", "барлығы", "все";
        Population: "Population", "Популяция атауы", "Популяция";
        Score: "Score", "Балл атауы", "Балл";
        People: "People", "Адам саны", "Человек";
        Cases: "Cases", "Науқас саны", "Случаев";
        Interval: "{percent} CI", "{percent}\u{a0}СА", "{percent}\u{a0}ДИ";
        File: "File", "Файл атауы", "Файл";
        Digest: "Digest", "Бақылау қосындысы", "Контрольная сумма";
        Program: "Program", "Бағдарлама", "Программа";
        Version: "Version", "Нұсқасы", "Версия";
        Finished: "Finished {when}", "Аяқталған уақыты: {when}", "Завершено: {when}";
        Inputs: "Inputs and outputs by their digests: whoever has the same files has the same digests.",
            "Кіріс және шығыс файлдары бақылау қосындыларымен: файл бірдей болса, қосындысы да бірдей.",
            "Входные и выходные файлы с контрольными суммами: у одинаковых файлов суммы совпадают.";
        Versions: "What computed it.", "Есептеген бағдарламалар.", "Чем выполнены расчёты.";
        Commands: "The commands that were run:", "Орындалған командалар:", "Выполненные команды:";
        Origin: "How this was made", "Бұл қалай алынды", "Как это получено";
    }
}
