"use strict";
// Draws the graphs, one at a time so that the page stays quick, and redraws them in other colours
// when day becomes night. Without a script the page shows pictures.
(() => {
    const root = document.documentElement;
    const { graphs, template } = JSON.parse(document.getElementById("graphs").textContent);
    const night = matchMedia("(prefers-color-scheme: dark)");
    const touch = matchMedia("(pointer: coarse)").matches;
    const hidden = {}; // figure -> the sides that its legend hides

    // "@real/0.2" is the page's colour of that name, a fifth of it.
    const colour = (value, style) => {
        const [, name, share] = value.match(/^@(\w+)(?:\/(.+))?$/);
        const hex = style.getPropertyValue(`--${name}`).trim();
        const parts = [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16));
        return `rgba(${parts.join(",")},${share ?? 1})`;
    };
    const coloured = (value, style, isColour = false) => {
        if (typeof value === "string") {
            return isColour && value.startsWith("@") ? colour(value, style) : value;
        }
        if (Array.isArray(value)) return value.map((item) => coloured(item, style, isColour));
        if (value === null || typeof value !== "object") return value;
        return Object.fromEntries(Object.entries(value).map(
            ([key, item]) => [key, coloured(item, style, isColour || /color/.test(key))]));
    };

    const webgl = (() => {
        try {
            return Boolean(document.createElement("canvas").getContext("webgl"));
        } catch {
            return false;
        }
    })();

    const draw = (place) => {
        const style = getComputedStyle(root);
        const figure = place.closest("figure");
        const spec = coloured(graphs[place.id], style);
        for (const trace of spec.data) {
            trace.visible = !(hidden[figure.id] ?? new Set()).has(trace.meta);
        }
        const layout = { ...spec.layout, template: coloured(template, style) };
        if (layout.scene && place.layout) {
            layout.scene.camera = place.layout.scene.camera;
        } else if (layout.scene && place.clientWidth < 400) { // stand further off
            const { eye } = layout.scene.camera;
            for (const axis of "xyz") eye[axis] *= 1.35;
        }
        if (touch && !layout.scene) layout.dragmode = false; // a finger scrolls the page
        // These and no others: plotly's own set has one that sends the data away.
        const buttons = layout.scene
            ? ["toImage", "zoom3d", "orbitRotation", "resetCameraDefault3d"]
            : ["toImage", "zoom2d", "pan2d", "resetScale2d"];
        const bar = {
            responsive: true,
            displaylogo: false,
            displayModeBar: touch ? false : "hover",
            modeBarButtons: [buttons],
        };
        return Plotly.react(place, spec.data, layout, bar);
    };

    // Two views in space turn together.
    const together = (place) => place.on("plotly_relayout", (change) => {
        const camera = change["scene.camera"];
        if (!camera) return;
        for (const other of place.closest("figure").querySelectorAll(".plot")) {
            if (other === place || !other.layout) continue;
            if (JSON.stringify(other.layout.scene.camera) === JSON.stringify(camera)) continue;
            Plotly.relayout(other, { "scene.camera": camera });
        }
    });

    const pause = () => new Promise((done) => setTimeout(done));
    const drawAll = async (places) => {
        for (const place of places) {
            await draw(place);
            if (graphs[place.id].layout.scene && !place.dataset.drawn) together(place);
            place.dataset.drawn = "yes";
            await pause();
        }
    };
    const shown = (part) => [...part.querySelectorAll(".plot")].filter(
        (place) => !place.closest("[hidden], .still"));

    const sort = (heading, column) => {
        const table = heading.closest("table");
        const body = table.tBodies[0];
        const up = heading.getAttribute("aria-sort") !== "ascending";
        for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", up ? "ascending" : "descending");
        const value = (row) => row.cells[column]?.dataset.value ?? row.cells[column]?.textContent ?? "";
        const compare = (a, b) => {
            const [x, y] = [value(a).trim(), value(b).trim()];
            if (!x || !y) return Number(!x) - Number(!y); // what is not known comes last
            const [p, q] = [Number(x), Number(y)];
            const order = isNaN(p) || isNaN(q) ? x.localeCompare(y) : p - q;
            return up ? order : -order;
        };
        body.append(...[...body.rows].sort(compare));
    };

    const dress = (name) => {
        root.dataset.theme = name;
        const button = document.getElementById("theme");
        button.textContent = name === "dark" ? "Light" : "Dark";
        return drawAll([...document.querySelectorAll(".plot[data-drawn]")]);
    };

    const start = async () => {
        await dress(night.matches ? "dark" : "light");
        night.addEventListener("change", () => dress(night.matches ? "dark" : "light"));
        document.getElementById("theme").addEventListener(
            "click", () => dress(root.dataset.theme === "dark" ? "light" : "dark"));

        for (const heading of document.querySelectorAll("table.sortable thead th")) {
            const button = document.createElement("button");
            button.append(...heading.childNodes);
            heading.append(button);
            button.addEventListener("click", () => sort(heading, heading.cellIndex));
        }
        for (const button of document.querySelectorAll(".legend button")) {
            button.addEventListener("click", () => {
                const figure = button.closest("figure");
                const sides = (hidden[figure.id] ??= new Set());
                if (!sides.delete(button.dataset.side)) sides.add(button.dataset.side);
                button.setAttribute("aria-pressed", String(!sides.has(button.dataset.side)));
                drawAll(figure.querySelectorAll(".plot[data-drawn]"));
            });
        }
        for (const button of document.querySelectorAll(".more")) {
            button.addEventListener("click", () => {
                const figure = button.closest("figure");
                for (const extra of figure.querySelectorAll("[data-extra]")) extra.hidden = false;
                button.remove();
                drawAll(shown(figure).filter((place) => !place.dataset.drawn));
            });
        }
        if (!webgl) {
            for (const place of document.querySelectorAll(".plot")) {
                if (graphs[place.id].layout.scene) place.closest("figure").classList.add("still");
            }
        }
        const places = shown(document);
        await drawAll(places);
        root.dataset.drawn = String(places.length);
    };
    start().catch((error) => {
        root.classList.remove("live"); // the pictures, then
        throw error;
    });
})();
