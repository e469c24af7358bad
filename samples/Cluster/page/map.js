"use strict";

// The picture: three clients, the balancer, three nodes, Redis; and a message that goes from one to the others.
class ClusterMap {
	static LEG_TIME = 450;    // ms; the picture is slower than the message
	static HEIGHT = 44;
	static CLIENT = {x: 90, width: 120};
	static BALANCER = {x: 350, y: 150, width: 120};
	static NODE = {x: 620, width: 130};
	static REDIS = {x: 890, y: 150, width: 120};
	static ROWS = [40, 150, 260];

	constructor(svg) {
		this.svg = svg;
		this.links = this.add(svg, "g");
		this.boxes = this.add(svg, "g");
		this.dots = this.add(svg, "g");
		this.clients = ClusterMap.ROWS.map((y, i) => this.box({...ClusterMap.CLIENT, y}, `Client ${i + 1}`));
		this.balancer = this.box(ClusterMap.BALANCER, "HAProxy");
		this.nodes = ClusterMap.ROWS.map(y => this.box({...ClusterMap.NODE, y}, ""));
		this.redis = this.box(ClusterMap.REDIS, "Redis");
		this.fromClient = this.clients.map(client => this.link(client, this.balancer));
		this.toNode = this.nodes.map(node => this.link(this.balancer, node));
		this.toRedis = this.nodes.map(node => this.link(node, this.redis));
	}

	add(parent, name, attributes = {}) {
		const element = document.createElementNS("http://www.w3.org/2000/svg", name);
		for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
		return parent.appendChild(element);
	}

	box({x, y, width}, title) {
		const group = this.add(this.boxes, "g", {class: "box", transform: `translate(${x} ${y})`});
		this.add(group, "rect", {x: -width / 2, y: -ClusterMap.HEIGHT / 2, width, height: ClusterMap.HEIGHT, rx: 10});
		const name = this.add(group, "text", {class: "name", y: -2});
		name.textContent = title;
		const detail = this.add(group, "text", {class: "detail", y: 14});
		const time = this.add(group, "text", {class: "time", y: ClusterMap.HEIGHT / 2 + 18});
		return {x, y, width, group, name, detail, time};
	}

	link(from, to) {
		const [x, end] = [from.x + from.width / 2, to.x - to.width / 2];
		const middle = (x + end) / 2;
		return this.add(this.links, "path", {class: "link", d: `M${x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${end} ${to.y}`});
	}

	// What is where now. nodes, redis, balancer: {name, state, detail}; clients: the name of the node that each is with, or "".
	show({nodes, redis, balancer, clients}) {
		const fill = (box, {name, state, detail}) => {
			box.group.dataset.state = state;
			if (name) box.name.textContent = name;
			box.detail.textContent = detail;
		};
		nodes.forEach((node, i) => {
			fill(this.nodes[i], node);
			const off = node.state === "dead";
			this.toNode[i].classList.toggle("off", off);
			this.toRedis[i].classList.toggle("off", off || redis.state === "dead");
		});
		fill(this.redis, redis);
		fill(this.balancer, balancer);
		clients.forEach((node, i) => {
			fill(this.clients[i], {state: node ? "ready" : "not ready", detail: node ? `is with ${node}` : "connects"});
			this.fromClient[i].classList.toggle("off", !node);
		});
	}

	// Shows the way of a message: from, the number of the client; via, of its node; to, for each client the number of its node, or -1; times, for each client a text.
	async play({from, via, to, times, stored}) {
		const round = this.round = (this.round ?? 0) + 1;
		this.clear();
		const there = [[this.fromClient[from], false], [this.toNode[via], false], [this.toRedis[via], false]];
		for (const [link, backwards] of there) {
			await this.move([[link, backwards]]);
			if (round !== this.round) return;
		}
		this.redis.time.textContent = stored;
		const targets = [...new Set(to.filter(node => node >= 0))];
		const clients = to.map((node, i) => node >= 0 ? i : -1).filter(i => i >= 0);
		const back = [targets.map(node => [this.toRedis[node], true]), targets.map(node => [this.toNode[node], true]), clients.map(i => [this.fromClient[i], true])];
		for (const step of back) {
			await this.move(step);
			if (round !== this.round) return;
		}
		for (const i of clients) this.clients[i].time.textContent = times[i];
	}

	clear() {
		for (const link of this.svg.querySelectorAll(".link.used")) link.classList.remove("used");
		for (const box of [...this.clients, this.redis]) box.time.textContent = "";
		this.dots.replaceChildren();
	}

	// A dot runs along each of the links.
	async move(links) {
		const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
		const dots = links.map(([link, backwards]) => {
			link.classList.add("used");
			const length = link.getTotalLength();
			const {x, y} = link.getPointAtLength(backwards ? length : 0);
			return {dot: this.add(this.dots, "circle", {class: "dot", r: 7, cx: x, cy: y}), link, backwards, length};
		});
		const begin = performance.now();
		for (let part = 0; part < 1 && !still;) {
			part = Math.min(1, ((await new Promise(requestAnimationFrame)) - begin) / ClusterMap.LEG_TIME);
			for (const {dot, link, backwards, length} of dots) {
				const {x, y} = link.getPointAtLength(Math.max(0, length * (backwards ? 1 - part : part)));
				dot.setAttribute("cx", x);
				dot.setAttribute("cy", y);
			}
		}
		for (const {dot} of dots) dot.remove();
	}
}
