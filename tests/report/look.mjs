// Looks at pages in headless Chromium, and says what is wrong with them:
//
//   node look.mjs CHROMIUM PAGES SCREENSHOTS
//
// Every page of the folder is opened as a file, on a phone and on a desk, in the light and in the
// dark. It may say nothing on the console, ask for nothing but itself, and scroll sideways nowhere
// but in the boxes that are meant to. The browser is spoken to through a pipe, in the DevTools
// protocol, with nothing but what Node.js has.
import {spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';

const [chromium, pages, shots] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), 'tintype-report-'));
const browser = spawn(chromium, [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-extensions',
    '--mute-audio', '--hide-scrollbars', `--user-data-dir=${profile}`, '--remote-debugging-pipe',
    'about:blank'
], {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']});

const waiting = new Map();
const listeners = new Set();
let number = 0;
let rest = '';
browser.stdio[4].setEncoding('utf8').on('data', (text) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop();
    for (const each of messages.map((message) => JSON.parse(message))) {
        if (each.id === undefined) {
            listeners.forEach((listen) => listen(each));
        } else {
            const {done, failed} = waiting.get(each.id);
            waiting.delete(each.id);
            each.error ? failed(new Error(each.error.message)) : done(each.result);
        }
    }
});
browser.on('exit', () => waiting.forEach(({failed}) => failed(new Error('the browser ended'))));

function send(method, params = {}, sessionId = undefined) {
    return new Promise((done, failed) => {
        waiting.set(++number, {done, failed});
        browser.stdio[3].write(JSON.stringify({id: number, method, params, sessionId}) + '\0');
    });
}

function event(method) {
    return new Promise((done) => {
        const listen = (each) => {
            if (each.method === method) {
                listeners.delete(listen);
                done(each.params);
            }
        };
        listeners.add(listen);
    });
}

// What a page is asked once it is there.
const questions = `(() => {
    const root = document.documentElement;
    const outside = [...document.body.querySelectorAll('*')].filter((each) => {
        const box = each.getBoundingClientRect();
        return box.width > 0 && box.right > root.clientWidth + 1 && !each.closest('.scroll');
    });
    const unnamed = [...document.querySelectorAll('[role=img],[role=region]')].filter(
        (each) => !each.getAttribute('aria-label'));
    const colour = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);
    const ids = [...document.querySelectorAll('[id]')].map((each) => each.id);
    return {
        width: root.scrollWidth,
        outside: outside.slice(0, 3).map((each) => each.outerHTML.slice(0, 120)),
        unnamed: unnamed.length,
        scripts: document.scripts.length,
        dark: colour[0] + colour[1] + colour[2] < 384,
        heading: document.querySelectorAll('h1').length,
        sections: document.querySelectorAll('section').length,
        twice: ids.filter((each, i) => ids.indexOf(each) !== i),
        lost: [...document.querySelectorAll('nav a')].filter(
            (each) => !document.querySelector(each.getAttribute('href'))).length,
        not_numbers: /\\b(NaN|nan|inf)\\b/.test([...document.querySelectorAll('svg *')].flatMap(
            (each) => [...each.attributes].map((attribute) => attribute.value)).join(' ')),
    };
})()`;

const screens = [
    {name: 'phone', width: 390, height: 844, scale: 2, mobile: true, dark: false},
    {name: 'phone-dark', width: 390, height: 844, scale: 2, mobile: true, dark: true},
    {name: 'desk', width: 1280, height: 900, scale: 1, mobile: false, dark: false},
    {name: 'desk-dark', width: 1280, height: 900, scale: 1, mobile: false, dark: true},
];

let wrong = 0;
let looked = 0;

function complain(page, screen, what) {
    ++wrong;
    console.log(`${page}, ${screen}: ${what}`);
}

async function look() {
    const {targetId} = await send('Target.createTarget', {url: 'about:blank'});
    const {sessionId} = await send('Target.attachToTarget', {targetId, flatten: true});
    const ask = (method, params) => send(method, params, sessionId);
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) {
        await ask(`${domain}.enable`);
    }
    const said = [];
    const asked = [];
    listeners.add(({method, params}) => {
        if (method === 'Runtime.consoleAPICalled') {
            said.push(params.args.map((each) => each.value ?? each.description).join(' '));
        } else if (method === 'Runtime.exceptionThrown') {
            said.push(params.exceptionDetails.text);
        } else if (method === 'Log.entryAdded') {
            said.push(params.entry.text);
        } else if (method === 'Network.requestWillBeSent') {
            asked.push(params.request.url);
        }
    });
    mkdirSync(shots, {recursive: true});
    const names = readdirSync(pages).filter((each) => each.endsWith('.html')).sort();
    for (const name of names) {
        const page = name.slice(0, -'.html'.length);
        const address = pathToFileURL(resolve(pages, name)).href;
        for (const screen of screens) {
            said.length = asked.length = 0;
            await ask('Emulation.setDeviceMetricsOverride', {
                width: screen.width, height: screen.height, deviceScaleFactor: screen.scale,
                mobile: screen.mobile,
            });
            await ask('Emulation.setEmulatedMedia', {
                features: [{name: 'prefers-color-scheme', value: screen.dark ? 'dark' : 'light'}],
            });
            const loaded = event('Page.loadEventFired');
            await ask('Page.navigate', {url: address});
            await loaded;
            const {result} =
                await ask('Runtime.evaluate', {expression: questions, returnByValue: true});
            const seen = result.value;
            const check = (good, what) => good || complain(page, screen.name, what);
            check(seen.width <= screen.width, `it scrolls sideways, ${seen.width} pixels wide`);
            check(seen.outside.length === 0, `it sticks out: ${seen.outside.join(' ')}`);
            check(seen.dark === screen.dark, 'it does not follow prefers-color-scheme');
            check(seen.unnamed === 0, `${seen.unnamed} parts have no accessible name`);
            check(seen.heading === 1, `${seen.heading} headings of the first level`);
            check(seen.sections > 0 || page === 'empty', 'there is no section on it');
            check(seen.twice.length === 0, `ids given twice: ${seen.twice}`);
            check(seen.lost === 0, `${seen.lost} links lead nowhere`);
            check(!seen.not_numbers, 'a chart has a coordinate that is no number');
            check(seen.scripts === 0, `${seen.scripts} scripts`);
            check(said.length === 0, `on the console: ${said.join('; ')}`);
            const foreign = asked.filter((each) => each !== address && !each.startsWith('data:'));
            check(foreign.length === 0, `it asked for ${foreign.join(' ')}`);
            const {cssContentSize} = await ask('Page.getLayoutMetrics');
            const {data} = await ask('Page.captureScreenshot', {
                captureBeyondViewport: true,
                clip: {
                    x: 0, y: 0, scale: 1, width: screen.width,
                    height: Math.min(Math.ceil(cssContentSize.height), 6000),
                },
            });
            writeFileSync(join(shots, `${page}-${screen.name}.png`), Buffer.from(data, 'base64'));
            ++looked;
        }
    }
    console.log(`${names.length} pages looked at ${looked} times, ${wrong} things wrong`);
    return names.length;
}

let count = 0;
try {
    count = await look();
} catch (problem) {
    complain('chromium', 'all', problem.message);
}
const ended = new Promise((done) => browser.on('exit', done));
browser.kill();
await ended;
rmSync(profile, {recursive: true, force: true, maxRetries: 5, retryDelay: 200});
process.exit(wrong === 0 && count > 0 ? 0 : 1);
