// SPDX-License-Identifier: BSD-3-Clause
// A user agent in a browser: jssip registers, is asked and asks. All that happened is in `told`, in order.
"use strict";

const JsSIP = modules("jssip");
const told = [];
let agent;

/** Resolves with what is told as @what, now or later; rejects after @seconds. */
function heard(what, seconds = 20) {
  return new Promise((resolve, reject) => {
    const end = Date.now() + seconds * 1000;
    const look = () => {
      const found = told.find((one) => one.what === what);
      if (found) {
        resolve(found);
      } else if (Date.now() > end) {
        reject(new Error(`no ${what} in ${seconds} s, but ${JSON.stringify(told)}`));
      } else {
        setTimeout(look, 20);
      }
    };
    look();
  });
}

function tell(what, more) {
  told.push({ what, ...more });
}

/** Connect and register. */
function start({ server, uri, password }) {
  agent = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface(server)], uri, password, register_expires: 600 });
  agent.on("connected", () => tell("connected"));
  agent.on("disconnected", ({ code, reason }) => tell("disconnected", { code, reason }));
  agent.on("registered", ({ response }) => tell("registered", { status: response.status_code, contact: response.getHeader("Contact") }));
  agent.on("unregistered", () => tell("unregistered"));
  agent.on("registrationFailed", ({ cause }) => tell("registrationFailed", { cause }));
  agent.on("newMessage", ({ originator, request }) => {
    if (originator === "remote") {
      tell("message in", { body: request.body, type: request.getHeader("Content-Type"), from: request.from.uri.toString() });
    }
  });
  agent.on("newOptions", ({ originator }) => {
    if (originator === "remote") {
      tell("options in");
    }
  });
  agent.start();
  return heard("registered");
}

/** Ask for something; @how: "sendMessage" or "sendOptions". */
function ask(how, target, body) {
  const eventHandlers = {
    succeeded: ({ response }) => tell(how, { status: response.status_code, allow: response.getHeader("Allow") || "" }),
    failed: ({ cause }) => tell(how, { cause }),
  };
  agent[how](target, body, { eventHandlers, contentType: "text/plain" });
  return heard(how);
}

/** Un-register and close. */
async function stop() {
  agent.stop();
  await heard("unregistered");
  return heard("disconnected");
}
