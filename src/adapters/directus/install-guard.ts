import { createWriteGuard } from '../../service/guard/write-guard.ts';
import { createDatabaseRefusals, type DatabaseRefusals } from './database-refusals.ts';
import type { ExtensionContext, HookRegister } from './directus-types.ts';
import { createInProcessGuard } from './in-process-guard.ts';
import { probeGuard } from './probe-guard.ts';
import { listenForProbe, probeStewards, type StewardProbes } from './probe-stewards.ts';
import { appIsUp, currentGuard, noteRegistration, once, takeOver } from './process-keys.ts';
import type { ProcessSlot } from './runtime.ts';
import { markRoutes, markSocket } from './surface-middleware.ts';
import { wrapServices } from './wrap-services.ts';
import { lookAtEvents } from './write-events.ts';

const REFUSALS = 'database-refusals';
/** A reload registers the rest of the bundle after this hook; the probe comes when it is done. */
const PROBE_AFTER_RELOAD_MS = 500;

/**
 * Puts this module's guard in charge of the process, then registers its events. Synchronous, and in this order: at no
 * moment does nothing decide. Directus does not await a registration, and keeps the half of one that throws.
 */
export function installGuard(slot: ProcessSlot, register: HookRegister, context: ExtensionContext): void {
	try {
		install(slot, register, context);
	} catch (error) {
		const detail = error instanceof Error ? error.message : 'error';
		noteRegistration(slot, `the guard did not register: ${detail}`);
		context.logger.error(`governed-dispatch: the guard did not register: ${detail}`);
		// Directus would leave out the rest of the bundle too, and with it whoever says that the instance holds.
		if (isOn(context.env.EXTENSIONS_MUST_LOAD)) throw error;
	}
}

const isOn = (value: unknown): boolean => value === true || value === 'true' || value === '1';

function install(slot: ProcessSlot, register: HookRegister, context: ExtensionContext): void {
	const { runtime } = slot;
	const current = runtime.state();
	if (current.kind === 'hold' && current.reason === 'UNSUPPORTED_DATABASE') return;

	const guard = createWriteGuard(runtime, () => new Date().toISOString());
	const refusals = createDatabaseRefusals(guard);
	const probing = new WeakSet<object>();
	slot.installed.set(REFUSALS, refusals);
	const stewardProbes: StewardProbes = new WeakMap();
	takeOver(slot, createInProcessGuard({ runtime, guard, probing, stewardProbes, evidenceOf: refusals.evidenceOf }));

	installOnce(slot, context);
	lookAtEvents(register.filter, () => currentGuard(slot));
	listenForAnswers(slot, register);
	register.filter('websocket.message', (_message, meta) => markSocket(meta));
	register.action('server.stop', () => void runtime.close());
	listenForProbe(register);
	probeWhenUp(slot, register, context, probing, stewardProbes);
	noteRegistration(slot, null);
}

function installOnce(slot: ProcessSlot, context: ExtensionContext): void {
	if (once(slot, 'methods')) {
		const missing = wrapServices(slot, context.services);
		if (missing.length > 0) slot.runtime.hold('GUARD_INCOMPLETE', `this Directus lacks ${missing.join(', ')}`);
		slot.runtime.hold(
			'RESTART_REQUIRED',
			'requests are not marked by surface until Directus has started with the bundle',
		);
	}

	if (once(slot, 'database-listener')) {
		context.database.on('query-error', (error: unknown, statement: { sql?: string; method?: string }) => {
			refusalsOf(slot).onQueryError(error, statement);
		});
	}
}

function listenForAnswers(slot: ProcessSlot, register: HookRegister): void {
	register.filter('database.error', async (error) => {
		await refusalsOf(slot).evidenceOf(error);
		return error;
	});

	register.filter('request.error', (errors) => refusalsOf(slot).settleAnswer(errors));
}

function probeWhenUp(
	slot: ProcessSlot,
	register: HookRegister,
	context: ExtensionContext,
	probing: WeakSet<object>,
	stewardProbes: StewardProbes,
): void {
	const own = currentGuard(slot);
	const isCurrent = () => currentGuard(slot) === own;
	const couldNotRun = (reason: 'GUARD_NOT_DEMONSTRATED' | 'STEWARD_WRAPPER_BROKEN') => (error: unknown) =>
		slot.runtime.hold(reason, `the probe could not run: ${error instanceof Error ? error.message : 'error'}`);
	const probe = () =>
		probeGuard(slot, context, probing, isCurrent)
			.catch(couldNotRun('GUARD_NOT_DEMONSTRATED'))
			.then(() => probeStewards(slot, context, stewardProbes, isCurrent))
			.catch(couldNotRun('STEWARD_WRAPPER_BROKEN'));

	register.init('routes.before', ({ app }) => {
		markRoutes(app as Parameters<typeof markRoutes>[0]);
		slot.runtime.hold('RESTART_REQUIRED', null);
	});

	register.init('app.after', async () => {
		once(slot, 'app-is-up');
		await slot.runtime.ready();
		await probe();
	});

	let probedGeneration = 0;
	/** A new generation may name the first stewards, or others. */
	const isUnprobed = ({ generation }: { generation: number }) => {
		if (generation === probedGeneration) return slot.runtime.probes().length === 0;
		probedGeneration = generation;
		return true;
	};

	// A policy applied to a running Directus is not followed by a boot.
	const stop = slot.runtime.onPolicy((state) => {
		if (!isCurrent()) stop();
		else if (state.kind === 'active' && appIsUp(slot) && isUnprobed(state.policy)) void probe();
	});

	if (appIsUp(slot)) setTimeout(() => isCurrent() && void probe(), PROBE_AFTER_RELOAD_MS).unref();
}

function refusalsOf(slot: ProcessSlot): DatabaseRefusals {
	return slot.installed.get(REFUSALS) as DatabaseRefusals;
}
