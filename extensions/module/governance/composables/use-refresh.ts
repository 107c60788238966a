import { onBeforeUnmount, onMounted, type Ref, ref } from 'vue';

export interface Refresh {
	/** True while `work` runs because somebody asked for it, not because time passed. */
	busy: Readonly<Ref<boolean>>;
	now(): Promise<void>;
}

/**
 * Runs `work` when the page opens and then every `everyMs` milliseconds while the page can be seen, never twice at once;
 * a page that comes back into view is refreshed at once.
 *
 * @param work gets `true` when somebody asked for it
 */
export function useRefresh(work: (asked: boolean) => Promise<void>, everyMs: number): Refresh {
	const busy = ref(false);
	let running: Promise<void> | null = null;
	let timer: ReturnType<typeof setInterval> | undefined;

	function run(asked: boolean): Promise<void> {
		running ??= work(asked).finally(() => {
			running = null;
		});
		return running;
	}

	function onTime(): void {
		if (document.visibilityState === 'visible') void run(false);
	}

	onMounted(() => {
		void run(false);
		timer = setInterval(onTime, everyMs);
		document.addEventListener('visibilitychange', onTime);
	});

	onBeforeUnmount(() => {
		clearInterval(timer);
		document.removeEventListener('visibilitychange', onTime);
	});

	async function now(): Promise<void> {
		busy.value = true;
		// What is under way was not asked for: it may leave out what only somebody may ask for.
		await running;
		await run(true);
		busy.value = false;
	}

	return { busy, now };
}
