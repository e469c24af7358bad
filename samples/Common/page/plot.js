"use strict";

// A plot of the last values of a series, in an SVG element that may change its size.
class Plot {
	constructor(svg, capacity, unit) {
		this.svg = svg;
		this.capacity = capacity;
		this.unit = unit;
		this.values = [];
		new ResizeObserver(() => this.draw()).observe(svg);
	}

	add(value) {
		this.values.push(value);
		if (this.values.length > this.capacity) this.values.shift();
		this.draw();
	}

	clear() {
		this.values = [];
		this.draw();
	}

	median() {
		const sorted = [...this.values].sort((a, b) => a - b);
		const middle = sorted.length >> 1;
		return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
	}

	max() {
		return Math.max(...this.values);
	}

	draw() {
		const width = this.svg.clientWidth;
		const height = this.svg.clientHeight;
		if (width === 0 || height === 0) return;
		const left = 46, right = 8, top = 8, bottom = 8;
		const max = Math.max(0, ...this.values) || 1;
		const step = Plot.niceStep(max / 4);
		const highest = step * Math.ceil(max / step);
		const x = i => left + (width - left - right) * (this.capacity - this.values.length + i) / (this.capacity - 1);
		const y = value => height - bottom - (height - top - bottom) * value / highest;

		this.svg.replaceChildren();
		this.svg.dataset.points = this.values.length;
		for (let i = 0; i * step <= highest * 1.001; ++i) {
			const at = y(i * step);
			this.append("line", {class: "grid", x1: left, x2: width - right, y1: at, y2: at});
			const label = this.append("text", {x: left - 6, y: at, "text-anchor": "end", "dominant-baseline": "middle"});
			label.textContent = Plot.format(i * step, step) + (i * step + step > highest * 1.001 ? " " + this.unit : "");
		}
		if (this.values.length === 0) return;
		const points = this.values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`);
		const last = this.values.length - 1;
		this.append("path", {class: "area", d: `M${x(0)},${y(0)}L${points.join("L")}L${x(last)},${y(0)}Z`});
		this.append("polyline", {class: "line", points: points.join(" ")});
		this.append("circle", {class: "last", r: 3.5, cx: x(last), cy: y(this.values[last])});
	}

	append(name, attributes) {
		const element = document.createElementNS("http://www.w3.org/2000/svg", name);
		for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
		return this.svg.appendChild(element);
	}

	// The smallest of 1, 2, 5, 10, 20, ... (and their tenths) that is not below the value.
	static niceStep(value) {
		const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-3)));
		return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= value * 0.999);
	}

	static format(value, step) {
		return value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
	}
}
