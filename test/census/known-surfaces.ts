/** Why places through which Directus writes need no path of their own. Names: see `support/surfaces.ts`. */
export interface Reason {
	readonly because: string;
	readonly names: readonly string[];
}

/** `names('service UsersService.', 'createOne updateOne')`: what each of the words is after the common beginning. */
const names = (beginning: string, words: string): string[] =>
	words.split(/\s+/).flatMap((word) => (word === '' ? [] : [`${beginning}${word}`]));

/** Directus 12.4. Nothing here is a pattern: what a new release adds is in none of these lists. */
export const CANNOT_REACH: readonly Reason[] = [
	{
		because:
			'It starts, sets up or inspects a Directus; nothing it writes is a governed row or the description of one.',
		names: [
			...names(
				'command ',
				`
				bootstrap cache clear count create init install key:generate migrate:down migrate:up passwd roles
				secret:generate security snapshot start users
				`,
			),
			...names('route POST ', '/schema/diff /server/setup /settings/owner /utils/cache/clear /utils/resolve-redirect'),
			...names('route USE ', '/admin'),
			...names('system mutation ', 'utils_cache_clear utils_random_string'),
		],
	},
	{
		because: 'What stands behind a route, a command or a method that is tried, or before it.',
		names: [
			...names('command ', 'database schema'),
			...names('service CollectionsService.', 'createMany createOne'),
			...names('service ImportService.', 'import importCSV importJSON parseCsvFromTmpFile'),
			...names('service RevisionsService.', 'revert'),
			...names('service SchemaService.', 'apply'),
			...names('service VersionsService.', 'promote'),
			...names('websocket controllers ', 'rest'),
			...names('websocket handlers ', 'items'),
		],
	},
	{
		because:
			'The documentation names it otherwise than the route that serves it, which is tried or excused by its own name.',
		names: [
			...names('documented DELETE ', '/relations/{id}'),
			...names('documented PATCH ', '/extensions/{bundle}/{name} /relations/{id}'),
		],
	},
	{
		because: 'It reads.',
		names: [
			...names('flow operation ', 'condition item-read json-web-token log sleep throw-error transform'),
			...names('mcp ', 'assets schema system-prompt'),
			...names('mcp collections ', 'read'),
			...names('mcp fields ', 'read'),
			...names('mcp files ', 'read'),
			...names('mcp flows ', 'read'),
			...names('mcp folders ', 'read'),
			...names('mcp items ', 'read'),
			...names('mcp operations ', 'read'),
			...names('mcp relations ', 'read'),
			...names('route POST ', '/assets/files /assets/folder/:pk /utils/export/:collection'),
			...names(
				'route SEARCH ',
				`
				/access /activity /collections /comments /dashboards /deployments /files /flows /folders
				/mcp-oauth/clients /notifications /operations /panels /permissions /policies /presets /revisions
				/roles /shares /translations /users /versions
				`,
			),
			...names(
				'service AccessService.',
				'assertCollectionActive getKeysByQuery readByQuery readMany readOne readSingleton',
			),
			...names(
				'service ActivityService.',
				`
				assertCollectionActive getKeysByQuery getLimitedHistoryQuery readByQuery readMany readOne
				readSingleton
				`,
			),
			...names('service AssetsService.', 'getAsset sanitizeFields zip zipFiles zipFolder'),
			...names('service CollectionsService.', 'readByQuery readMany readOne'),
			...names(
				'service CommentsService.',
				'assertCollectionActive getKeysByQuery readByQuery readMany readOne readSingleton',
			),
			...names(
				'service DashboardsService.',
				'assertCollectionActive getKeysByQuery readByQuery readMany readOne readSingleton',
			),
			...names('service ExportService.', 'exportToFile transform'),
			...names('service FieldsService.', 'columnInfo readAll readOne'),
			...names(
				'service FilesService.',
				'assertCollectionActive getKeysByQuery readByQuery readMany readOne readSingleton',
			),
			...names(
				'service FlowsService.',
				'assertCollectionActive getKeysByQuery readByQuery readMany readOne readSingleton',
			),
			...names(
				'service FoldersService.',
				`
				assertCollectionActive checkFlowsFolders checkFlowsParent getKeysByQuery readByQuery readMany
				readOne readSingleton
				`,
			),
			...names(
				'service ItemsService.',
				'assertCollectionActive getKeysByQuery readByQuery readMany readOne readSingleton',
			),
			...names('service MetaService.', 'filterCount getMetaForQuery totalCount'),
			...names(
				'service NotificationsService.',
				'assertCollectionActive getKeysByQuery readByQuery readMany readOne readSingleton',
			),
			...names(
				'service OperationsService.',
				'assertCollectionActive getKeysByQuery readByQuery readMany readOne readSingleton',
			),
			...names(
				'service PanelsService.',
				'assertCollectionActive getKeysByQuery readByQuery readMany readOne readSingleton',
			),
			...names(
				'service PermissionsService.',
				`
				assertCollectionActive getItemPermissions getKeysByQuery readByQuery readMany readOne readSingleton
				`,
			),
			...names(
				'service PoliciesService.',
				`
				assertCollectionActive assertValidIpAccess getKeysByQuery readByQuery readMany readOne readSingleton
				`,
			),
			...names(
				'service PresetsService.',
				'assertCollectionActive getKeysByQuery readByQuery readMany readOne readSingleton',
			),
			...names('service RelationsService.', 'filterForbidden foreignKeys readAll readOne'),
			...names(
				'service RevisionsService.',
				`
				assertCollectionActive getKeysByQuery getLimitedHistoryQuery readByQuery readMany readOne
				readSingleton
				`,
			),
			...names(
				'service RolesService.',
				`
				assertCollectionActive getKeysByQuery readByQuery readMany readOne readSingleton validateRoleNesting
				`,
			),
			...names('service SchemaService.', 'diff getHashedSnapshot snapshot'),
			...names('service ServerService.', 'health isSetupCompleted serverInfo'),
			...names(
				'service SettingsService.',
				'assertCollectionActive getKeysByQuery readByQuery readMany readOne readSingleton',
			),
			...names(
				'service SharesService.',
				'assertCollectionActive getKeysByQuery readByQuery readMany readOne readSingleton',
			),
			...names(
				'service TranslationsService.',
				`
				assertCollectionActive assertUniqueTranslation getKeysByQuery readByQuery readMany readOne
				readSingleton
				`,
			),
			...names(
				'service UsersService.',
				`
				assertCollectionActive checkPasswordPolicy checkProviderEntitlement checkUniqueEmails getKeysByQuery
				getUserByEmail readByQuery readMany readOne readSingleton validateEmail
				`,
			),
			...names(
				'service VersionsService.',
				`
				assertCollectionActive assertSingletonEmpty getKeysByQuery getMainItem getRelatedCollection
				getVersionSaves mapDelta readByQuery readMany readOne readSingleton validateCreateData
				`,
			),
			...names('websocket controllers ', 'base hooks logs'),
			...names('websocket handlers ', 'heartbeat logs subscribe'),
			...names('websocket items ', 'read'),
		],
	},
	{
		because: "It speaks to a service elsewhere (deployments, mail, marketplace) and keeps Directus's own record of it.",
		names: [
			...names('flow operation ', 'mail'),
			...names('route DELETE ', '/deployments/:provider'),
			...names('route PATCH ', '/deployments/:provider /deployments/:provider/projects'),
			...names(
				'route POST ',
				`
				/deployments /deployments/:provider/projects/:id/deploy /deployments/:provider/runs/:id/cancel
				/deployments/webhooks/:provider
				`,
			),
			...names(
				'service DeploymentProjectsService.',
				`
				assertCollectionActive createDriver createMany createMutationTracker createOne deleteByQuery
				deleteMany deleteOne fork getKeysByQuery listWithSync readByExternalId readByQuery readConfig
				readMany readOne readSingleton updateBatch updateByQuery updateMany updateOne updateSelection
				upsertMany upsertOne upsertSingleton validateDeployable
				`,
			),
			...names(
				'service DeploymentRunsService.',
				`
				assertCollectionActive createMany createMutationTracker createOne deleteByQuery deleteMany deleteOne
				fork getKeysByQuery getStats processWebhookEvent readByQuery readMany readOne readSingleton
				updateBatch updateByQuery updateMany updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service DeploymentService.',
				`
				assertCollectionActive cancelDeployment createMany createMutationTracker createOne deleteByProvider
				deleteByQuery deleteMany deleteOne fork getDashboard getDriver getKeysByQuery getProviderProject
				getRunWithLogs getWebhookConfig listProviderProjects readByProvider readByQuery readConfig readMany
				readOne readSingleton syncProjectMetadataIfStale syncWebhook triggerDeployment updateBatch
				updateByProvider updateByQuery updateMany updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names('service MailService.', 'getDefaultTemplateData renderTemplate send'),
			...names(
				'system mutation ',
				`
				create_deployment_projects_item create_deployment_projects_items create_deployment_runs_item
				create_deployment_runs_items create_deployments_item create_deployments_items
				delete_deployment_projects_item delete_deployment_projects_items delete_deployment_runs_item
				delete_deployment_runs_items delete_deployments_item delete_deployments_items
				update_deployment_projects_batch update_deployment_projects_item update_deployment_projects_items
				update_deployment_runs_batch update_deployment_runs_item update_deployment_runs_items
				update_deployments_batch update_deployments_item update_deployments_items
				`,
			),
		],
	},
	{
		because:
			"It writes rows of Directus's own tables through ItemsService. A governed row nested in one meets the wrapper like any other: `nested.users-…` and `nested.files-…` show it for the tables people relate most.",
		names: [
			...names('flow operation ', 'notification'),
			...names('mcp files ', 'delete import'),
			...names('mcp folders ', 'create delete update'),
			...names(
				'route DELETE ',
				`
				/access /access/:pk /comments /comments/:pk /dashboards /dashboards/:pk /files /folders
				/notifications /notifications/:pk /panels /panels/:pk /permissions /permissions/:pk /policies
				/policies/:pk /presets /presets/:pk /roles /shares /shares/:pk /translations /translations/:pk
				/users
				`,
			),
			...names(
				'route PATCH ',
				`
				/access /access/:pk /comments /comments/:pk /dashboards /dashboards/:pk /folders /folders/:pk
				/notifications /notifications/:pk /panels /panels/:pk /permissions /permissions/:pk /policies
				/policies/:pk /presets /presets/:pk /roles /roles/:pk /settings /shares /shares/:pk /translations
				/translations/:pk /users/:pk /users/me/track/page
				`,
			),
			...names(
				'route POST ',
				`
				/access /comments /dashboards /files/import /folders /notifications /panels /permissions /policies
				/presets /roles /shares /translations
				`,
			),
			...names(
				'service AccessService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service ActivityService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service CommentsService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service DashboardsService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service FilesService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne importOne updateBatch updateByQuery
				updateMany updateOne uploadOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service FoldersService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service NotificationsService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne sendEmail updateBatch updateByQuery
				updateMany updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service PanelsService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service PermissionsService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service PoliciesService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne isIpAccessValid updateBatch updateByQuery
				updateMany updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service PresetsService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service RevisionsService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service RolesService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service SettingsService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne setOwner updateBatch updateByQuery
				updateMany updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service SharesService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne invite login updateBatch updateByQuery
				updateMany updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service TranslationsService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service UsersService.',
				`
				acceptInvite createMany createOne deleteByQuery deleteMany deleteOne inviteUser registerUser
				requestPasswordReset resetPassword updateBatch updateByQuery updateMany updateOne upsertMany
				upsertOne upsertSingleton verifyRegistration
				`,
			),
			...names(
				'system mutation ',
				`
				create_access_item create_access_items create_comments_item create_comments_items
				create_dashboards_item create_dashboards_items create_files_item create_files_items
				create_folders_item create_folders_items create_notifications_item create_notifications_items
				create_panels_item create_panels_items create_permissions_item create_permissions_items
				create_policies_item create_policies_items create_presets_item create_presets_items
				create_roles_item create_roles_items create_shares_item create_shares_items create_translations_item
				create_translations_items create_users_item create_users_items delete_access_item
				delete_access_items delete_comments_item delete_comments_items delete_dashboards_item
				delete_dashboards_items delete_files_item delete_files_items delete_folders_item
				delete_folders_items delete_notifications_item delete_notifications_items delete_panels_item
				delete_panels_items delete_permissions_item delete_permissions_items delete_policies_item
				delete_policies_items delete_presets_item delete_presets_items delete_roles_item delete_roles_items
				delete_shares_item delete_shares_items delete_translations_item delete_translations_items
				delete_users_item delete_users_items import_file update_access_batch update_access_item
				update_access_items update_comments_batch update_comments_item update_comments_items
				update_dashboards_batch update_dashboards_item update_dashboards_items update_files_batch
				update_files_items update_folders_batch update_folders_item update_folders_items
				update_notifications_batch update_notifications_item update_notifications_items update_panels_batch
				update_panels_item update_panels_items update_permissions_batch update_permissions_item
				update_permissions_items update_policies_batch update_policies_item update_policies_items
				update_presets_batch update_presets_item update_presets_items update_roles_batch update_roles_item
				update_roles_items update_settings update_shares_batch update_shares_item update_shares_items
				update_translations_batch update_translations_item update_translations_items update_users_batch
				update_users_item update_users_items
				`,
			),
		],
	},
	{
		because: 'A step inside a service: what it leads to is written by methods that are tried or excused here.',
		names: [
			...names('flow operation ', 'trigger'),
			...names('service AccessService.', 'clearCaches createMutationTracker fork'),
			...names('service ActivityService.', 'createMutationTracker fork'),
			...names('service CommentsService.', 'createMutationTracker fork'),
			...names('service DashboardsService.', 'createMutationTracker fork'),
			...names('service ExtensionReadError.', 'toString'),
			...names('service FieldsService.', 'addColumnIndex addColumnToTable'),
			...names('service FilesService.', 'createMutationTracker fork'),
			...names('service FlowsService.', 'createMutationTracker fork'),
			...names('service FoldersService.', 'buildTree createMutationTracker fork'),
			...names('service ImportService.', 'acquireImportSlot releaseImportSlot spoolToTmpFile'),
			...names('service ItemsService.', 'createMutationTracker fork'),
			...names('service NotificationsService.', 'createMutationTracker fork'),
			...names('service OperationsService.', 'createMutationTracker fork'),
			...names('service PanelsService.', 'createMutationTracker fork'),
			...names(
				'service PayloadService.',
				`
				prepareDelta processA2O processAggregates processDates processField processGeometries
				processJsonFunctionResults processM2O processO2M processValues
				`,
			),
			...names('service PermissionsService.', 'clearCaches createMutationTracker fork'),
			...names('service PoliciesService.', 'clearCaches createMutationTracker fork'),
			...names('service PresetsService.', 'createMutationTracker fork'),
			...names('service RelationsService.', 'alterType stitchRelations'),
			...names('service RevisionsService.', 'createMutationTracker fork setDefaultOptions'),
			...names('service RolesService.', 'clearCaches createMutationTracker fork'),
			...names('service SettingsService.', 'createMutationTracker fork'),
			...names('service SharesService.', 'createMutationTracker fork'),
			...names('service TranslationsService.', 'createMutationTracker fork'),
			...names('service UsersService.', 'clearCaches clearUserSessions createMutationTracker fork inviteUrl'),
			...names('service UtilsService.', 'clearCache'),
			...names('service VersionsService.', 'createMutationTracker fork trackChanges'),
			...names('service WebSocketService.', 'broadcast clients off on'),
		],
	},
	{
		because:
			'It edits flows. What they then do is tried on surface `flows`; what may be saved is checked when it is saved, which other tests attack.',
		names: [
			...names('mcp flows ', 'delete'),
			...names('mcp operations ', 'delete update'),
			...names('route DELETE ', '/flows /flows/:pk /operations /operations/:pk'),
			...names('route PATCH ', '/flows /flows/:pk /operations /operations/:pk'),
			...names('route POST ', '/flows /flows/trigger/:pk /operations'),
			...names(
				'service FlowsService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'service OperationsService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton
				`,
			),
			...names(
				'system mutation ',
				`
				create_flows_item create_flows_items create_operations_item create_operations_items
				delete_flows_item delete_flows_items delete_operations_item delete_operations_items
				update_flows_batch update_flows_item update_flows_items update_operations_batch
				update_operations_item update_operations_items
				`,
			),
		],
	},
	{
		because:
			"It changes which extensions run. The bundle's own rows are locked, which other tests attack; no guard in the database needs an extension.",
		names: [
			...names('route DELETE ', '/extensions/:pk /extensions/registry/uninstall/:pk'),
			...names('route PATCH ', '/extensions/:pk'),
			...names('route POST ', '/extensions/registry/install /extensions/registry/reinstall'),
			...names(
				'service ExtensionsService.',
				`
				checkBundleAndSyncStatus deleteOne install preInstall readAll readOne reinstall uninstall updateOne
				`,
			),
			...names('system mutation ', 'update_extensions_item'),
		],
	},
	{
		because:
			'It changes the licence. What that does to collections goes through `POST /license/resolve`, which is tried.',
		names: [
			...names('route DELETE ', '/license /license/addons/:id'),
			...names('route PATCH ', '/license /license/addons/:id'),
			...names('route POST ', '/license /license/pending-resolution /license/preview'),
		],
	},
	{
		because:
			'It writes users, sessions, keys and tokens of Directus itself, none of which a governed table may depend on.',
		names: [
			...names('route DELETE ', '/mcp-oauth/clients /mcp-oauth/clients/:id'),
			...names(
				'route POST ',
				`
				/auth/login /auth/logout /auth/password/request /auth/password/reset /auth/refresh
				/mcp-oauth/authorize/decision /mcp-oauth/register /mcp-oauth/revoke /mcp-oauth/token /shares/auth
				/shares/invite /users/:pk/tfa/disable /users/invite /users/invite/accept /users/me/tfa/disable
				/users/me/tfa/enable /users/me/tfa/generate /users/register
				`,
			),
			...names('service AuthenticationService.', 'login logout refresh updateStatefulSession verifyPassword'),
			...names('service TFAService.', 'disableTFA enableTFA generateTFA verifyOTP'),
			...names(
				'system mutation ',
				`
				auth_login auth_logout auth_password_request auth_password_reset auth_refresh
				create_oauth_clients_item create_oauth_clients_items create_oauth_codes_item
				create_oauth_codes_items create_oauth_consents_item create_oauth_consents_items
				create_oauth_tokens_item create_oauth_tokens_items delete_oauth_clients_item
				delete_oauth_clients_items delete_oauth_codes_item delete_oauth_codes_items
				delete_oauth_consents_item delete_oauth_consents_items delete_oauth_tokens_item
				delete_oauth_tokens_items update_oauth_clients_batch update_oauth_clients_item
				update_oauth_clients_items update_oauth_codes_batch update_oauth_codes_item update_oauth_codes_items
				update_oauth_consents_batch update_oauth_consents_item update_oauth_consents_items
				update_oauth_tokens_batch update_oauth_tokens_item update_oauth_tokens_items users_invite
				users_invite_accept users_me_tfa_disable users_me_tfa_enable users_me_tfa_generate users_register
				users_register_verify
				`,
			),
		],
	},
	{
		because: 'It writes `directus_versions` only; what a version does to its item is `promote`, which is tried.',
		names: [
			...names('route DELETE ', '/versions /versions/:pk'),
			...names('route PATCH ', '/versions /versions/:pk'),
			...names('route POST ', '/versions'),
			...names(
				'service VersionsService.',
				`
				createMany createOne deleteByQuery deleteMany deleteOne save updateBatch updateByQuery updateMany
				updateOne upsertMany upsertOne upsertSingleton verifyHash
				`,
			),
			...names(
				'system mutation ',
				`
				create_versions_item create_versions_items delete_versions_item delete_versions_items
				update_versions_batch update_versions_item update_versions_items
				`,
			),
		],
	},
	{
		because: 'Every tool behind it has a name of its own here.',
		names: [...names('route POST ', '/mcp')],
	},
	{
		because: 'Every mutation behind it has a name of its own here.',
		names: [
			...names('route USE ', '/graphql/system'),
			...names('service GraphQLService.', 'execute getSchema read upsertSingleton'),
		],
	},
	{
		because: 'Its writes with knex are those of methods and routes named here.',
		names: [
			...names(
				'source ',
				`
				cli/commands/users/passwd.js controllers/deployment.js controllers/mcp/oauth.js
				controllers/permissions.js controllers/policies.js controllers/tus.js controllers/users.js flows.js
				schedules/project.js schedules/retention.js services/assets.js services/authentication.js
				services/collections.js services/extensions.js services/fields.js services/files.js
				services/flows.js services/items.js services/mcp-oauth/index.js services/relations.js
				services/server.js services/settings.js services/shares.js services/tus/data-store.js
				services/users.js services/utils.js utils/generate-translations.js websocket/collab/collab.js
				websocket/collab/room.js
				`,
			),
		],
	},
	{
		because: 'It builds queries that read.',
		names: [
			...names(
				'source ',
				`
				database/errors/dialects/mssql.js database/index.js database/run-ast/lib/apply-query/add-join.js
				database/run-ast/lib/apply-query/filter/index.js database/run-ast/lib/apply-query/index.js
				database/run-ast/lib/get-db-query.js database/run-ast/utils/apply-case-when.js
				database/run-ast/utils/get-column-pre-processor.js database/run-ast/utils/get-column.js
				database/run-ast/utils/get-inner-query-column-pre-processor.js license/entitlements/lib/seats.js
				license/entitlements/manager.js metrics/lib/create-metrics.js
				utils/fetch-user-count/fetch-access-roles.js utils/get-schema.js websocket/handlers/subscribe.js
				`,
			),
		],
	},
];
