use super::catalogue::catalogue;

catalogue! {
    /// What plots say to those who do not see them.
    Plots {
        Line: "{name}: {n:point|points}, from {y0} at {x0} to {y1} at {x1}; highest {y2} at {x2}.",
            "{name}: {n:нүкте}; x = {x0} болғанда {y0}, x = {x1} болғанда {y1}; ең үлкен мәні {y2}, x = {x2} болғанда.",
            "{name}: {n:точка|точки|точек}, от {y0} при {x0} до {y1} при {x1}; наибольшее значение {y2} при {x2}.";
        Mark: "Marked: {label} at {x}.", "Белгіленгені: {label}, мәні {x}.", "Отмечено: {label}, значение {x}.";
        Paths: "{n:line|lines} drawn.", "Сызылған сызық саны: {n}.", "Нарисовано линий: {n}.";
        PathsOfMore: "{n:line|lines} drawn, {left} left out.",
            "Сызылған сызық саны: {n}, қалдырылғаны: {left}.",
            "Нарисовано линий: {n}, опущено: {left}.";
        PathEnd: "{name} ends at {y}.", "{name} сызығының соңы: {y}.", "{name} заканчивается на {y}.";
        PanelPoint: "{y} at {x}", "x = {x} болғанда {y}", "{y} при {x}";
        Group: "{name}: {n:point|points}, centred at {x} and {y}.",
            "{name}: {n:нүкте}, ортасы {x} және {y}.",
            "{name}: {n:точка|точки|точек}, центр {x} и {y}.";
        Ridge: "{column}, {name}: mean {mean}, standard deviation {sd}.",
            "{column}, {name}: орташа мәні {mean}, стандартты ауытқуы {sd}.",
            "{column}, {name}: среднее {mean}, стандартное отклонение {sd}.";
        Steps: "From {start} ({begin}) to {end} ({finish}).",
            "Бастапқы мән: {start} ({begin}), соңғы мән: {end} ({finish}).",
            "От «{start}» ({begin}) к «{end}» ({finish}).";
    }
}
