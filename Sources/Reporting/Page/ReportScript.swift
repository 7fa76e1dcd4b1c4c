/// What a report does by itself: shows values under the pointer, moves through the galleries, and loads itself again while its
/// run is alive. All that it shows is on the page without it too, the last gallery and the last values at least.
enum ReportScript {
  static let javaScript = #"""
    (() => {
      "use strict";
      const all = (selector, root = document) => [...root.querySelectorAll(selector)];
      const store = {
        get(key) { try { return sessionStorage.getItem(location.pathname + key); } catch { return null; } },
        set(key, value) { try { sessionStorage.setItem(location.pathname + key, value); } catch { } },
      };

      // Numbers in words, as the page's own.
      const rate = (v) => {
        if (v === 0) return "0";
        const [digits, power] = v.toExponential(2).split("e");
        return Number(digits) + (Number(power) === 0 ? "" : "e" + Number(power));
      };
      const plain = (v) => {
        const size = Math.abs(v);
        if (size === 0) return "0";
        if (size >= 1e9 || size < 0.001) return rate(v);
        if (size >= 999.5) return Math.round(v).toLocaleString("en-US");
        return v.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : size >= 0.09995 ? 3 : 4);
      };
      // Two units, the smaller one rounded.
      const long = (seconds) => {
        const pair = (count, size, units) => Math.floor(count / size) + units[0] + count % size + units[1];
        const [whole, minutes, hours] = [1, 60, 3600].map((unit) => Math.round(seconds / unit));
        if (whole < 3600) return pair(whole, 60, [" min ", " s"]);
        return minutes < 24 * 60 ? pair(minutes, 60, [" h ", " min"])
          : pair(hours, 24, [Math.floor(hours / 24) === 1 ? " day " : " days ", " h"]);
      };
      const words = {
        loss: (v) => Math.abs(v) < 1000 ? v.toFixed(4) : plain(v),
        number: plain,
        rate,
        share: (v) => (v * 100).toFixed(1) + " %",
        megabytes: (v) => Math.abs(v) < 1000 ? plain(v) + " MB" : plain(v / 1000) + " GB",
        seconds: (v) => v <= 0 ? "no time" : v < 1e-4 ? "under 0.1 ms" : v < 0.9995 ? plain(v * 1000) + " ms"
          : v < 59.95 ? plain(v) + " s" : long(v),
      };

      // A plot knows its curves by the points that the browser draws, and its axes by its data.
      const pairs = (text) => text.trim() === "" ? [] : text.trim().split(/\s+/).map((pair) => pair.split(",").map(Number));
      const plots = all(".plot").map((element) => {
        const figure = element.closest("figure");
        const [x0, x1] = element.dataset.x.split(" ").map(Number);
        const [y0, y1] = element.dataset.y.split(" ").map(Number);
        const step = (x) => x0 + x / 1000 * (x1 - x0);
        const value = (y) => element.dataset.scale === "logarithmic"
          ? y0 * Math.pow(y1 / y0, 1 - y / 1000) : y0 + (1 - y / 1000) * (y1 - y0);
        // By its line's place: colours come again after a few lines.
        const bands = new Map(
          all(".band", element).map((band) => [band.getAttribute("data-line"), pairs(band.getAttribute("points"))]));
        const lines = all(".curve", element).map((curve) => {
          const points = pairs(curve.getAttribute("points"));
          const band = bands.get(curve.getAttribute("data-line"));
          return points.map(([x, y], index) => ({
            step: step(x), value: value(y),
            high: band && value(band[index][1]), low: band && value(band[2 * points.length - 1 - index][1]),
          }));
        });
        const format = words[figure.dataset.quantity];
        const outputs = all("output", figure);
        return {
          element, x0, x1, lines, format, outputs, at: figure.querySelector(".at"),
          cursor: element.querySelector(".cursor"), last: outputs.map((output) => output.textContent),
        };
      });
      const nearest = (points, step) => {
        let [low, high] = [0, points.length - 1];
        while (low < high) {
          const middle = (low + high) >> 1;
          if (points[middle].step < step) low = middle + 1; else high = middle;
        }
        return low > 0 && step - points[low - 1].step < points[low].step - step ? points[low - 1] : points[low];
      };
      const perEpoch = Number(document.body.dataset.stepsPerEpoch || 0);
      const show = (step) => {
        for (const plot of plots) {
          const outside = step < plot.x0 || step > plot.x1 || plot.x0 === plot.x1;
          plot.cursor.hidden = outside;
          if (outside || plot.element.offsetParent === null) continue;
          plot.cursor.style.left = (step - plot.x0) / (plot.x1 - plot.x0) * 100 + "%";
          plot.lines.forEach((points, index) => {
            if (!plot.outputs[index] || points.length === 0) return;
            const point = nearest(points, step);
            let text = plot.format(point.value);
            if (point.high !== undefined && plot.format(point.low) !== plot.format(point.high)) {
              text += " (" + plot.format(point.low) + " to " + plot.format(point.high) + ")";
            }
            plot.outputs[index].textContent = text;
          });
          plot.at.textContent = "step " + Math.round(step).toLocaleString("en-US")
            + (perEpoch > 0 ? ", epoch " + (step / perEpoch).toFixed(2) : "");
        }
      };
      const leave = () => {
        for (const plot of plots) {
          plot.cursor.hidden = true;
          plot.at.textContent = "";
          plot.outputs.forEach((output, index) => { output.textContent = plot.last[index]; });
        }
      };
      let pointing = false;
      for (const plot of plots) {
        const move = (event) => {
          pointing = true;
          const box = plot.element.getBoundingClientRect();
          const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
          show(plot.x0 + part * (plot.x1 - plot.x0));
        };
        plot.element.addEventListener("pointermove", move);
        plot.element.addEventListener("pointerdown", move);
        plot.element.addEventListener("pointerleave", () => { pointing = false; leave(); });
      }

      // Galleries over time.
      for (const slider of all(".slider input")) {
        const images = all("img", slider.closest("section"));
        const output = slider.parentElement.querySelector("output");
        const select = () => {
          images.forEach((image, index) => { image.hidden = index !== Number(slider.value); });
          output.textContent = images[Number(slider.value)].alt;
          store.set("gallery", Number(slider.value) === images.length - 1 ? "" : slider.value);
        };
        const kept = store.get("gallery");
        if (kept) slider.value = kept;
        select();
        slider.addEventListener("input", select);
      }

      // What the reader chose stays when the page loads itself again.
      for (const input of all(".scales input")) {
        if (store.get(input.name) === input.id) input.checked = true;
        input.addEventListener("change", () => store.set(input.name, input.id));
      }
      all("details").forEach((details, index) => {
        if (store.get("details" + index)) details.open = true;
        details.addEventListener("toggle", () => store.set("details" + index, details.open ? "1" : ""));
      });

      const written = Number(document.body.dataset.written);
      const every = Number(document.body.dataset.every || 0);
      const age = () => Date.now() / 1000 - written;
      const tell = () => {
        const late = document.querySelector(".late");
        if (late) late.hidden = age() < 10 * every + 60;
        const ago = document.querySelector(".ago");
        if (ago) {
          const seconds = Math.max(0, age());
          ago.textContent = seconds < 90 ? "just now" : seconds < 5400 ? Math.round(seconds / 60) + " minutes ago"
            : seconds < 129600 ? Math.round(seconds / 3600) + " hours ago" : Math.round(seconds / 86400) + " days ago";
        }
      };
      tell();
      if (every > 0) {
        setInterval(() => {
          tell();
          if (!pointing && document.visibilityState === "visible") location.reload();
        }, every * 1000);
      }
    })();
    """#
}
